import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StateData } from '../../src/store/schema.ts';
import { writeAs } from '../helpers/cylcSite.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { runs } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

const main = join(import.meta.dirname, '../../dist/src/main.js');

/** The program run by an ordinary user, whom real sudo lets run one helper as one group of accounts. */
describeWith(['root', 'sudo', 'cylc'], 'a gateway of an ordinary user with a rule for sudo', () => {
  let gatewayUser: SystemAccount;
  let alice: SystemAccount;
  let bob: SystemAccount;
  let stranger: SystemAccount;
  let folder: string;
  let rule: string;
  let gateway: GatewayProcess;

  const asUser = ({ uid, gid }: SystemAccount): string[] => [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--init-groups',
  ];
  /** What a command prints as that user; undefined where it fails. */
  const tryAs = (who: SystemAccount, ...command: string[]): string | undefined => {
    const [program = '', ...words] = [...asUser(who), ...command];
    try {
      return execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe', cwd: '/' });
    } catch {
      return undefined;
    }
  };
  const serve = (): Promise<GatewayProcess> =>
    startGateway({
      dataDir: join(folder, 'data'),
      args: ['--config', join(folder, 'gateway.yaml')],
      by: asUser(gatewayUser),
      env: { HOME: gatewayUser.home, USER: gatewayUser.name, XDG_RUNTIME_DIR: undefined },
    });
  /** As the gateway's user: what it writes is to stay that user's. */
  const servers = (...words: string[]): void =>
    expect(
      tryAs(gatewayUser, process.execPath, main, 'servers', ...words, '--config', join(folder, 'gateway.yaml')),
    ).toBeDefined();
  const recordOf = ({ name }: SystemAccount) =>
    (JSON.parse(readFileSync(join(folder, 'data/state.json'), 'utf8')) as StateData).servers[`${name}/`];
  const became = (who: SystemAccount, phase: string) =>
    until(
      () => (recordOf(who)?.phase === phase ? recordOf(who) : undefined),
      40_000,
      () => `${JSON.stringify(recordOf(who))}\n${gateway.output()}`,
    );
  const pidOf = (who: SystemAccount): number => {
    const handle = recordOf(who)?.handle;
    return handle?.kind === 'process' ? handle.process.pid : 0;
  };

  beforeAll(async () => {
    [gatewayUser, alice, bob, stranger] = [
      makeSystemAccount(),
      makeSystemAccount(),
      makeSystemAccount(),
      makeSystemAccount(),
    ];
    folder = shortFolder('cg-sudo');
    mkdirSync(join(folder, 'data'));
    execFileSync('chown', ['-R', gatewayUser.name, folder]);
    // A place that the gateway's user cannot write to, as the documentation says.
    const helper = `/usr/local/libexec/${gatewayUser.name}-become`;
    mkdirSync('/usr/local/libexec', { recursive: true });
    copyFileSync(join(import.meta.dirname, '../../workers/sudo/become.py'), helper);
    execFileSync('chmod', ['755', helper]);
    rule = `/etc/sudoers.d/${gatewayUser.name}`;
    writeFileSync(rule, `${gatewayUser.name} ALL=(${alice.name}) NOPASSWD: ${helper} ""\n`, { mode: 0o440 });
    const config = { servers: { cylc: cylcBin(), sudo: helper, limits: { nofile: 900 } } };
    writeFileSync(
      join(folder, 'gateway.yaml'),
      JSON.stringify({ ...config, dataDir: join(folder, 'data'), runtimeDir: join(folder, 'run') }),
    );
    writeFileSync(join(alice.home, '.profile'), 'umask 0007\n');
    gateway = await serve();
  });
  afterAll(async () => {
    await gateway.end();
    servers('stop', '--all');
    rmSync(rule, { force: true });
    rmSync(`/usr/local/libexec/${gatewayUser.name}-become`, { force: true });
    for (const account of [gatewayUser, alice, bob, stranger]) account.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const shellUmask = ({ name }: SystemAccount): string =>
    execFileSync('su', ['-l', name, '-c', 'umask'], { encoding: 'utf8' }).trim();

  test('starts the real cylc hubapp as its account, with its groups, limits, umask and home', async () => {
    // Its own configuration sees the token before it is withdrawn.
    const keep = `import os\nopen(os.path.expanduser("~/kept"), "w").write(os.environ["JUPYTERHUB_API_TOKEN"])\n`;
    await writeAs(alice, '.cylc/uiserver/jupyter_config.py', keep);
    servers('start', alice.name);
    await became(alice, 'ready');
    const process = `/proc/${pidOf(alice)}`;
    const state = readFileSync(`${process}/status`, 'utf8');
    expect(state).toMatch(new RegExp(`^Uid:${`\t${alice.uid}`.repeat(4)}$`, 'm'));
    expect(state).toMatch(new RegExp(`^Groups:\t.*\\b${alice.extraGid}\\b`, 'm'));
    expect(/^Umask:\t(.*)$/m.exec(state)?.[1]).toBe(shellUmask(alice));
    expect(readFileSync(`${process}/limits`, 'utf8')).toMatch(/^Max open files +900 +900 /m);
    expect(execFileSync('readlink', [`${process}/cwd`], { encoding: 'utf8' }).trim()).toBe(alice.home);
    const environment = readFileSync(`${process}/environ`, 'utf8').split('\0');
    expect(environment).toEqual(expect.arrayContaining([`USER=${alice.name}`, `LOGNAME=${alice.name}`]));
    expect(environment.filter((line) => line.startsWith('SUDO_'))).toEqual([]);
  });

  test('no other local user can reach its socket, and the token is in no argument', () => {
    const { upstream, runFile } = recordOf(alice) ?? {};
    const socket = upstream?.kind === 'unix' ? upstream.path : '';
    const connect = [
      '/usr/bin/python3',
      '-c',
      'import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1]); print("in")',
      socket,
    ];
    expect(tryAs(gatewayUser, ...connect)).toBe('in\n');
    expect(tryAs(stranger, ...connect)).toBeUndefined();
    expect(tryAs(bob, 'ls', join(socket, '..'))).toBeUndefined();
    const token = readFileSync(join(alice.home, 'kept'), 'utf8');
    expect(token).toMatch(/^cgw_/);
    expect(readFileSync(`/proc/${pidOf(alice)}/environ`, 'utf8'), 'nor what a job could print').not.toContain('cgw_');
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(token);
    expect(() => statSync(`${runFile}.plan`)).toThrow('ENOENT');
  });

  test('a gateway killed with SIGKILL finds it again, and stops it without a trace', async () => {
    const pid = pidOf(alice);
    await gateway.end('SIGKILL');
    gateway = await serve();
    expect(await became(alice, 'ready')).toMatchObject({ phase: 'ready' });
    expect(pidOf(alice)).toBe(pid);
    servers('stop', alice.name);
    await became(alice, 'stopped');
    expect(await runs(pid)).toBe(false);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(`--ServerApp.sock=${folder}`);
  });

  test('an account that the rule does not name gets the reason', async () => {
    servers('start', bob.name);
    const { failure } = (await became(bob, 'failed')) ?? {};
    expect(failure?.reason).toContain('was not started');
    expect(failure?.logTail).toContain('sudo:');
  });
});
