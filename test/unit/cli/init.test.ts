import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { registerInit } from '../../../src/cli/init.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gw-init-'));
  vi.spyOn(console, 'log').mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function run(...args: string[]): Promise<void> {
  const program = new Command();
  registerInit(program);
  await program.parseAsync(['node', 'cylc-gateway', ...args]);
}

test('a file and the schema beside it are written, by JupyterHub’s name for it too', async () => {
  await run('generate-config', join(folder, 'gateway.yaml'));
  expect(await readFile(join(folder, 'gateway.yaml'), 'utf8')).toContain('\n  # port: 8000\n');
  const schema = JSON.parse(await readFile(join(folder, 'gateway.schema.json'), 'utf8')) as { properties: object };
  expect(Object.keys(schema.properties)).toContain('listen');
});

test('a file that is there is left alone, unless told otherwise', async () => {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, 'publicUrl: https://mine.example\n');
  await expect(run('init', file)).rejects.toThrow(/is there already/);
  expect(await readFile(file, 'utf8')).toBe('publicUrl: https://mine.example\n');
  await run('init', '--force', file);
  expect(await readFile(file, 'utf8')).toContain('cylc-gateway init');
});

test('where nothing can be written, it says so', async () => {
  await expect(run('init', join(folder, 'no/such/folder.yaml'))).rejects.toThrow(/cannot be written/);
});
