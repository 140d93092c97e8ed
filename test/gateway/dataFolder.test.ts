import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../helpers/command.ts';
import type { CommandEnd } from '../helpers/command.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import { freshFolder } from '../helpers/storeFixture.ts';

/** An administrator's shell: a configuration in one folder, the current folder another. */
let site: string;
let elsewhere: string;
let file: string;

beforeEach(async () => {
  [site, elsewhere] = [freshFolder(), freshFolder()];
  file = join(site, 'gateway.yaml');
  writeFileSync(file, `listen: { port: ${await freePort()} }\naccess: { admins: [root] }\n`);
});

afterEach(() => {
  for (const folder of [site, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

const onRecords = [
  'users list',
  'users add bin --blocked',
  'maintenance on Storm',
  'servers stop --all',
  'servers strays',
  'edits list',
  'audit',
  'token list',
  'backup {new}',
];

function run(words: string, cwd: string): Promise<CommandEnd> {
  const named = words.replace('{new}', join(cwd, 'backup.json')).split(' ');
  return runCommand([...named, '--config', file], { cwd });
}

/** As a gateway that has run there leaves it. */
async function makeStore(dataDir: string): Promise<void> {
  const gateway = await startGateway({ dataDir, cwd: site, args: ['--config', file] });
  expect(await gateway.end(), gateway.output()).toBe(0);
}

test('commands act on the folder beside the configuration file, wherever they are run', async () => {
  await makeStore(join(site, 'data'));
  const { code, stderr } = await run('users add bin --blocked', elsewhere);
  expect(`${code} ${stderr}`).toBe('0 ');
  expect(readFileSync(join(site, 'data/admin.json'), 'utf8')).toMatch(/"bin": \{[^}]*"blocked": true/);
  expect(readdirSync(elsewhere)).toEqual([]);
});

describe('a folder without records', () => {
  test.each([...onRecords, 'restore {backup}'])('is refused by %s', async (words) => {
    const backup = join(elsewhere, 'given.json');
    writeFileSync(backup, JSON.stringify({ format: 'cylc-gateway backup', madeAt: '' }));
    const { code, stderr } = await run(words.replace('{backup}', backup), elsewhere);
    expect(stderr).toContain(`no records of a gateway in ${join(site, 'data')}`);
    expect(stderr).toContain('--config FILE');
    expect(code).toBe(66);
    expect(existsSync(join(site, 'data'))).toBe(false);
    expect(readdirSync(elsewhere)).toEqual(['given.json']);
  });

  test('is what `restore --new` is for', async () => {
    await makeStore(join(elsewhere, 'old'));
    const backup = join(elsewhere, 'backup.json');
    await runCommand(['backup', backup, '--data', join(elsewhere, 'old')], { cwd: elsewhere });
    expect(await run(`restore ${backup} --new`, elsewhere)).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(site, 'data'))).toEqual(expect.arrayContaining(['admin.json', 'state.json']));
  });
});

describe('records below the current folder, where earlier versions looked', () => {
  test.each(['serve', ...onRecords, 'check'])(
    'stop %s, which names both folders and the line to write',
    async (words) => {
      await makeStore(join(elsewhere, 'data'));
      const { code, stdout, stderr } = await run(words, elsewhere);
      expect(code).toBe(78);
      expect(stdout + stderr).toContain(join(site, 'data'));
      expect(stdout + stderr).toContain(`dataDir: ${join(elsewhere, 'data')}`);
      expect(existsSync(join(site, 'data'))).toBe(false);
    },
  );

  test('stop every command where both folders hold records', async () => {
    await makeStore(join(elsewhere, 'data'));
    await makeStore(join(site, 'data'));
    const { code, stderr } = await run('users list', elsewhere);
    expect(code).toBe(78);
    expect(stderr).toContain(`dataDir: ${join(elsewhere, 'data')} or dataDir: ${join(site, 'data')}`);
  });

  test('do not count where the configuration or a flag says which folder it is', async () => {
    await makeStore(join(elsewhere, 'data'));
    const named = await runCommand(['users', 'list', '--config', file, '--data', 'data'], { cwd: elsewhere });
    expect(`${named.code} ${named.stderr}`).toBe('0 ');
    writeFileSync(file, `dataDir: ${join(elsewhere, 'data')}\n`);
    mkdirSync(join(site, 'sub'));
    expect(await run('users list', join(site, 'sub'))).toMatchObject({ code: 0, stderr: '' });
  });
});
