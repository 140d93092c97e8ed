import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account } from '../../src/access/types.ts';
import { createUmasks } from '../../src/servers/umasks.ts';
import { createAccountCommands } from '../../src/spawners/accountCommands.ts';
import { describeWith } from '../helpers/requires.ts';
import { createServersWorld } from '../helpers/serversWorld.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';

describeWith(['root'], 'the umask of a server, as root', () => {
  let alice: SystemAccount;
  const commands = createAccountCommands();
  beforeAll(() => void (alice = makeSystemAccount()));
  afterAll(async () => {
    await commands.close();
    alice.remove();
  });
  const profile = (text: string): void => writeFileSync(join(alice.home, '.profile'), text);
  const ask = (account: Account): Promise<number> => createUmasks(commands).of(account);
  const inShell = (): number =>
    Number.parseInt(
      execFileSync('su', ['-l', alice.name, '-c', 'umask'], { encoding: 'utf8' }).split('\n').at(-2) ?? '',
      8,
    );

  test.each([
    ['says nothing', ''],
    ['opens all to the group', 'umask 0002\n'],
    ['closes all', 'umask 077\n'],
    ['talks', 'echo welcome; echo 0777; umask 0007; echo hello >&2\n'],
  ])('is that of its account in a shell whose profile %s', async (_, text) => {
    profile(text);
    expect(await ask(alice)).toBe(inShell());
  });

  test('is that of the account where its profile leaves something running, which holds on to the output', async () => {
    profile('umask 0007\nsleep 600 &\necho $! > "$HOME/background"\n');
    const umask = await ask(alice);
    process.kill(Number(readFileSync(join(alice.home, 'background'), 'utf8')), 'SIGKILL');
    expect(umask).toBe(0o007);
  });

  test('is that of the session where the profile hangs, fails or is of a shell of another kind', async () => {
    profile('umask 0002\nexec sleep 600\n');
    const session = await ask({ ...alice, home: '/nonexistent' });
    expect(await ask(alice)).toBe(session);
    profile('umask 0002\nexit 3\n');
    expect(await ask(alice)).toBe(session);
    profile('umask 0002\n');
    expect(await ask({ ...alice, shell: '/usr/sbin/nologin' })).toBe(0o002);
  });

  test('is closed for a start where it cannot be told, and asked for again at the next', async () => {
    profile('');
    const answers = ['', '0022\n0002\n'];
    const run = () =>
      Promise.resolve({ code: 0, signal: null, stdout: answers.shift() ?? '', stderr: '', fault: null });
    const umasks = createUmasks({ run, close: () => Promise.resolve() });
    expect(await umasks.of(alice)).toBe(0o077);
    expect(await umasks.of(alice)).toBe(0o002);
    expect(await umasks.of(alice)).toBe(0o002);
  });

  test('is that of the account where its entry names one', async () => {
    profile('');
    execFileSync('usermod', ['--comment', 'Alice,,,,umask=0027', alice.name]);
    expect(await ask(alice)).toBe(0o027);
    execFileSync('usermod', ['--comment', '', alice.name]);
  });

  test('makes what the server and its workflows write as open as from a shell; socket and log stay closed', async () => {
    profile('umask 0002\n');
    const path = join(alice.home, 'cylc');
    writeFileSync(path, '#!/bin/sh\nmkdir "$HOME/cylc-run"; : > "$HOME/cylc-run/file"; exit 3\n', { mode: 0o755 });
    const program = { id: 'small', title: 'Small', kind: 'cylc' as const, path, version: undefined };
    const world = await createServersWorld({ account: alice, programs: { list: () => [program] } });
    await world.start();
    await world.became('failed');
    const modeOf = (name: string): string => execFileSync('stat', ['-c', '%a', name], { encoding: 'utf8' }).trim();
    expect(modeOf(join(alice.home, 'cylc-run'))).toBe('775');
    expect(modeOf(join(alice.home, 'cylc-run/file'))).toBe('664');
    expect(modeOf(world.store.state.data.servers[`${alice.name}/`]?.logFile ?? '')).toBe('600');
    expect(modeOf(join(world.folder, 'run', String(alice.uid)))).toBe('700');
    await world.close();
  });
});
