import { chmodSync, existsSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUmasks } from '../../src/servers/umasks.ts';
import { suggestWorkflows } from '../../src/servers/workflows.ts';
import { createAccountCommands } from '../../src/spawners/accountCommands.ts';
import { describeWith } from '../helpers/requires.ts';
import { createServersWorld, ownAccount, runs } from '../helpers/serversWorld.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

const commands = createAccountCommands();
const folder = mkdtempSync(join(tmpdir(), 'cg-commands-'));
afterAll(async () => {
  await commands.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Our own user, with another home. */
function homeOf(name: string): ReturnType<typeof ownAccount> {
  mkdirSync(join(folder, name));
  return { ...ownAccount(), home: join(folder, name) };
}

function workflow(home: string, path: string, file = 'flow.cylc'): void {
  mkdirSync(join(home, path), { recursive: true });
  writeFileSync(join(home, path, file), '');
}

describe('names of workflows', () => {
  test('are those of Cylc, up to its depth, in linked folders too; not its own folders or what lies in a workflow', async () => {
    const account = homeOf('cylc');
    const { home } = account;
    workflow(home, 'cylc-run/one/run1');
    workflow(home, 'cylc-run/one/run1/share/inner');
    workflow(home, 'cylc-run/a/b/c/run1');
    workflow(home, 'cylc-run/a/b/c/d/too-deep');
    workflow(home, 'cylc-run/old', 'suite.rc');
    workflow(home, 'cylc-run/log/no');
    workflow(home, 'cylc-run/.hidden');
    workflow(home, 'cylc-run/odd name');
    workflow(home, 'cylc-src/-bad');
    workflow(home, 'cylc-src/source');
    workflow(home, 'elsewhere/run1');
    mkdirSync(join(home, 'cylc-run/linked'));
    symlinkSync(join(home, 'elsewhere/run1'), join(home, 'cylc-run/linked/run1'));
    symlinkSync('run1', join(home, 'cylc-run/one/runN'));
    const names = ['a/b/c/run1', 'linked/run1', 'old', 'one/run1', 'source'];
    expect(await suggestWorkflows(commands, account)).toEqual(names);
    symlinkSync('.', join(home, 'cylc-run/loop'));
    expect(await suggestWorkflows(commands, account)).toEqual(expect.arrayContaining(names));
  });

  test('are at most 200, and a home without any has none', async () => {
    const account = homeOf('many');
    expect(await suggestWorkflows(commands, account)).toEqual([]);
    for (let index = 0; index < 300; index += 1) workflow(account.home, `cylc-run/w${index}`);
    expect(await suggestWorkflows(commands, account)).toHaveLength(200);
  });
});

describe('commands', () => {
  const limits = { timeoutMs: 3000 };
  const quick = { timeoutMs: 20_000 };

  test('that hang are ended, hold up no other account, and are not asked of that account again at once', async () => {
    const own = createAccountCommands();
    const account = homeOf('hung');
    // What gets away into a session of its own holds on to the output, as a process does that cannot be killed.
    const script = 'setsid sleep 600 & echo $!; echo before; sleep 600';
    const hung = await own.run(account, ['/bin/sh', '-c', script], limits);
    expect(hung).toMatchObject({ code: null, fault: 'no answer in 3 s' });
    const [pid = '', said] = hung.stdout.split('\n');
    expect(said).toBe('before');
    const refused = { code: null, fault: expect.stringMatching(/no answer/) as string };
    expect(await own.run(account, ['/bin/sh', '-c', script, 'again'], quick)).toMatchObject(refused);
    const other = await own.run({ ...account, uid: 1234 }, ['/bin/true'], quick);
    expect(other.fault ?? '').not.toMatch(/no answer/);
    process.kill(Number(pid), 'SIGKILL');
    await until(async () => !(await runs(Number(pid))));
    await own.close();
  });

  test('that take too long for a page do not make the next server of their account forget its umask', async () => {
    const own = createAccountCommands();
    const account = homeOf('slow');
    const umask = await createUmasks(own).of(account);
    const slow = await own.run(account, ['/bin/sh', '-c', 'sleep 600'], { timeoutMs: 100 });
    expect(slow.fault).toBe('no answer in 0.1 s');
    const { stdout } = await own.run(account, ['/bin/sh', '-c', 'echo later'], quick);
    expect(stdout).toBe('later\n');
    expect(await createUmasks(own).of(account)).toBe(umask);
    await own.close();
  });

  test('of one account run two at a time, and too many are refused', async () => {
    const own = createAccountCommands();
    const account = homeOf('busy');
    const script = ': > "$0"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done';
    const all = Array.from({ length: 20 }, (_, index) =>
      own.run(account, ['/bin/sh', '-c', script, join(account.home, `began${index}`)], quick),
    );
    await until(() => existsSync(join(account.home, 'began1')));
    expect(existsSync(join(account.home, 'began2'))).toBe(false);
    writeFileSync(join(account.home, 'go'), '');
    const results = await Promise.all(all);
    expect(results.filter(({ code }) => code === 0)).toHaveLength(18);
    expect(results.filter(({ fault }) => fault?.startsWith('too many'))).toHaveLength(2);
    await own.close();
  });

  test('say as much as they may, and no more', async () => {
    const said = await commands.run(homeOf('loud'), ['/bin/sh', '-c', 'yes'], { ...quick, maxOutputBytes: 1000 });
    expect(said.fault).toBe('it says too much');
    expect(said.stdout).toHaveLength(1000);
  });
});

describeWith(['root'], 'as root', () => {
  const people: SystemAccount[] = [];
  beforeAll(() => void people.push(makeSystemAccount(), makeSystemAccount()));
  afterAll(() => people.forEach((account) => account.remove()));

  test('the form of a start offers nothing out of the closed home of somebody else, by whatever link', async () => {
    const [alice, bob] = people;
    if (alice === undefined || bob === undefined) throw new Error('no accounts');
    workflow(bob.home, 'cylc-run/secret/run1');
    chmodSync(bob.home, 0o700);
    workflow(alice.home, 'cylc-run/mine/run1');
    for (const [target, path] of [
      ['cylc-run', 'cylc-src'],
      ['cylc-run/secret', 'cylc-run/linked'],
    ] as const) {
      symlinkSync(join(bob.home, target), join(alice.home, path));
      lchownSync(join(alice.home, path), alice.uid, alice.gid);
    }
    const world = await createServersWorld({ account: alice });
    const [form] = await world.servers.forms(alice.name);
    expect(form?.fields.find(({ name }) => name === 'workflow')?.suggestions).toEqual(['mine/run1']);
    await world.close();
  });

  test('a command of an account has its uid, all its groups and its home, and nothing of ours', async () => {
    const [alice] = people;
    if (alice === undefined) throw new Error('no account');
    const { stdout } = await commands.run(alice, ['/bin/sh', '-c', 'id -u; id -G; echo "$HOME"; env | sort'], {
      timeoutMs: 20_000,
    });
    const [uid, groups, home, ...variables] = stdout.trim().split('\n');
    expect([uid, home]).toEqual([String(alice.uid), alice.home]);
    expect(groups?.split(' ').toSorted()).toEqual([alice.gid, alice.extraGid].map(String).toSorted());
    expect(variables.map((text) => text.split('=')[0])).toEqual(['HOME', 'LANG', 'LOGNAME', 'PATH', 'PWD', 'USER']);
  });
});
