import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { adminKind, stateKind } from '../../../src/store/kinds.ts';
import { schemaText } from '../../../src/store/schemaFile.ts';

test.each([adminKind, stateKind])('data/$name.schema.json is fresh', (kind) => {
  const path = join(import.meta.dirname, '../../../data', `${kind.name}.schema.json`);
  expect(readFileSync(path, 'utf8')).toBe(schemaText(kind));
});
