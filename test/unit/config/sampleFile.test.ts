import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { configOptions } from '../../../src/config/options.ts';
import type { Option } from '../../../src/config/options.ts';
import { configReference } from '../../../src/config/reference.ts';
import { sampleConfig } from '../../../src/config/sampleFile.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { repository } from '../../helpers/sources.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gw-sample-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(text: string): Promise<unknown> {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, text);
  const { config } = await loadConfig({ file, env: {}, cwd: '/' });
  return { ...config, dataDir: 'data' };
}

const defaults = configSchema.parse({});
const sample = sampleConfig('1.2.3');

test('the sample file says nothing: with it, every default holds', async () => {
  expect(await load(sample)).toEqual(defaults);
});

test('each default that it shows is the one that holds', async () => {
  const uncommented = sample.replace(/^( *)# (\w+: (?!\{\}|$).*)$/gm, (line, indent: string, text: string) =>
    isAssignment(line) ? `${indent}${text}` : line,
  );
  expect(uncommented.split('\n').filter((line) => /^ *port: 8000$/.test(line))).toHaveLength(1);
  expect(await load(uncommented)).toEqual(defaults);
});

/** Beside assignments there are comments of one word and a colon; those are indented further. */
function isAssignment(line: string): boolean {
  return /^ *# \w+: ("|\[|true|false|-?\d)/.test(line);
}

test('every option has a description, or is a group whose options have', () => {
  const bare = (options: readonly Option[], before = ''): string[] =>
    options.flatMap(({ name, description, children }) =>
      children.length > 0 ? bare(children, `${before}${name}.`) : description === '' ? [before + name] : [],
    );
  expect(bare(configOptions())).toEqual([]);
});

test('docs/configuration.md is what the schema says (npm run docs:configuration)', async () => {
  const page = await readFile(join(repository, 'docs/configuration.md'), 'utf8');
  expect(plain(page)).toBe(plain(configReference()));
});

/** Without what the formatter pads. */
function plain(page: string): string {
  return page.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
}
