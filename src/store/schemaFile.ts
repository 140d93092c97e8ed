import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DocumentKind } from './kinds.ts';

/** The JSON Schema by which editors complete and check a document; its `$schema` names the file beside it. */
export function schemaText({ schema }: Pick<DocumentKind<unknown>, 'schema'>): string {
  const text = texts.get(schema) ?? `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`;
  texts.set(schema, text);
  return text;
}

const texts = new WeakMap<z.ZodObject, string>();

/** Puts the schema beside the document, unless it is there already. A help for editors: nothing reads it back. */
export async function writeSchemaFile(
  dataDir: string,
  kind: Pick<DocumentKind<unknown>, 'name' | 'schema'>,
): Promise<void> {
  const path = join(dataDir, `${kind.name}.schema.json`);
  const text = schemaText(kind);
  const now = await readFile(path, 'utf8').catch(() => '');
  if (now !== text) await writeFile(path, text);
}
