import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../helpers/command.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** What goes wrong first on a new machine: each is told in words (what, why, what to do) and costs nothing else. */
const main = join(import.meta.dirname, '../../dist/src/main.js');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gw-bad-'));
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the program until it gives up; its exit code and words. */
async function refusal(...args: string[]): Promise<{ code: number; said: string }> {
  const command = [main, 'serve', '--port', '0', ...args];
  const run = promisify(execFile)(process.execPath, command, { cwd: folder, timeout: 20_000 });
  return run.then(
    () => ({ code: 0, said: '' }),
    (error: { code: number; stderr: string }) => ({ code: error.code, said: error.stderr }),
  );
}

describe('the data folder', () => {
  test('that cannot be made names the path and the reason', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const { code, said } = await refusal('--data', join(file, 'data'));
    expect(code).toBeGreaterThan(0);
    expect(said).toContain(join(file, 'data'));
    expect(said).toMatch(/is a file, or below one/);
    expect(said).toMatch(/→ /);
  });

  test('that is read-only says so', async () => {
    const { code, said } = await refusal('--data', '/proc/sys/kernel');
    expect(code).toBeGreaterThan(0);
    expect(said).toMatch(/\/proc\/sys\/kernel/);
    expect(said).toMatch(/→ /);
  });

  test('that is in use for something else is left alone, its mode too', async () => {
    const shared = join(folder, 'shared');
    await mkdir(shared, { mode: 0o755 });
    await writeFile(join(shared, 'of-somebody-else'), '');
    const { code, said } = await refusal('--data', shared);
    expect(code).toBe(73);
    expect(said).toMatch(/in use for something else[\s\S]*→ Name a folder of its own/);
    expect((await stat(shared)).mode & 0o777).toBe(0o755);
    expect(await readdir(shared)).toEqual(['of-somebody-else']);
    const { stdout } = await runCommand(['check', '--data', shared], { cwd: folder });
    expect(stdout).toMatch(/✗ Data folder .*in use for something else/);
  });

  test('with a broken state.json names line and column, and is left as it was', async () => {
    const data = join(folder, 'broken');
    await mkdir(data, { mode: 0o700 });
    const text = '{\n  "version": 1,\n  "servers": {,}\n}\n';
    await writeFile(join(data, 'state.json'), text, { mode: 0o600 });
    const { code, said } = await refusal('--data', data);
    expect(code).toBeGreaterThan(0);
    expect(said).toMatch(/state\.json/);
    expect(said).toMatch(/3:\d+|line 3/);
    expect(await readFile(join(data, 'state.json'), 'utf8')).toBe(text);
  });
});

test('an option that there is not is named, with the one that was meant', async () => {
  const { code, said } = await refusal('--data', join(folder, 'options'), '--set', 'servers.startTimeout=3');
  expect(code).toBe(78);
  expect(said).toMatch(/startTimeout/);
});

test('an address that this machine does not have', async () => {
  const beyond = ['--set', 'identity.links.dangerouslyBeyondLoopback=true'];
  const { code, said } = await refusal('--data', join(folder, 'address'), '--host', '192.0.2.1', ...beyond);
  expect(code).toBe(69);
  expect(said).toMatch(/this machine has no such address[\s\S]*→ /);
});

describe('the command line', () => {
  test.each([
    [['srve'], /There is no command srve[\s\S]*→ .*serve/],
    [['--prot', '3'], /unknown option '--prot'[\s\S]*--port/],
    [['users', 'lst'], /unknown command 'lst'/],
  ])('%j is told what is wrong with it, with the code of a wrong command line', async (words, expected) => {
    const { code, stderr } = await runCommand(words, { cwd: folder });
    expect([code, stderr]).toEqual([64, expect.stringMatching(expected)]);
  });

  test('help and version are no faults', async () => {
    expect((await runCommand(['users', '--help'], { cwd: folder })).code).toBe(0);
    expect(await runCommand(['--version'], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });
});

describe('a UI server', () => {
  let gateway: GatewayProcess;
  let owner: string;
  let visitor: Visitor;

  /** A gateway whose `cylc` is that shell script. */
  async function withCylc(script: string | undefined, ...set: string[]): Promise<void> {
    const cylc = join(folder, 'cylc');
    await rm(cylc, { force: true });
    if (script !== undefined) await writeFile(cylc, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const args = [`servers.cylc=${cylc}`, ...set].flatMap((one) => ['--set', one]);
    gateway = await startGateway({ args, env: { PATH: '/usr/bin:/bin' } });
    if (gateway.child.exitCode !== null) return;
    owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
    visitor = new Visitor(gateway.origin);
    await visitor.submit(await visitor.get(gateway.links().get(owner) ?? ''));
  }

  async function failedPage(): Promise<string> {
    await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
    const page = await until(
      async () => {
        const { body } = await visitor.get(`/hub/spawn-pending/${owner}`);
        return /did not|ended with/i.test(body) ? body : undefined;
      },
      60_000,
      () => gateway.output(),
    );
    return page;
  }

  test('whose command is missing: the terminal says so, and a start fails by name, not with a stand-in', async () => {
    await withCylc(undefined);
    expect(gateway.output()).toContain(`${join(folder, 'cylc')}, which is not there`);
    expect(await failedPage()).toMatch(/not found|not there/);
    await gateway.end();
  });

  test('that exits at once: the page has its exit code and last words', async () => {
    await withCylc('echo "no licence for the moon" >&2; exit 3');
    const page = await failedPage();
    expect(page).toMatch(/\b3\b/);
    expect(page).toContain('no licence for the moon');
    expect((await visitor.get(`/user/${owner}/`)).status).toBe(424);
    await gateway.end();
  });

  test('that never answers: the start ends at its deadline, and nothing is left running', async () => {
    // Of this run alone: another may be under way on the same machine.
    const seconds = 600_000 + process.pid;
    await withCylc(`echo waiting; exec sleep ${seconds}`, 'servers.startTimeoutS=2');
    const page = await failedPage();
    expect(page).toMatch(/did not answer within 2 seconds/);
    expect(page).toContain('waiting');
    const ps = await promisify(execFile)('sh', ['-c', `ps -eo args | grep -c "^sleep ${seconds}$" || true`]);
    expect(Number(ps.stdout)).toBe(0);
    await gateway.end();
  });
});

describe('a cookie', () => {
  let gateway: GatewayProcess;
  let owner: string;
  beforeAll(async () => {
    gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' }, args: ['--set', 'identity.session.skewS=0'] });
    owner = [...gateway.links().keys()][0] ?? '';
  });
  afterAll(() => gateway.end());

  test.each([
    ['wrong', 'nonsense'],
    ['forged', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.'],
    ['huge', 'a'.repeat(20_000)],
  ])('that is %s leads a page to the sign-in, and gives programs and upgrades 401', async (_, value) => {
    const visitor = new Visitor(gateway.origin);
    visitor.setCookie('cylc-gateway', value);
    const page = await visitor.get(`/user/${owner}/`);
    expect(page.url).toContain('/hub/login');
    const program = await visitor.get(`/user/${owner}/`, { headers: { accept: 'application/json' } });
    expect(program.status).toBe(401);
    const socket = visitor.websocket(`/user/${owner}/cylc/subscriptions`);
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(401);
    socket.terminate();
  });

  test('nobody’s request has harmed the gateway', async () => {
    expect((await new Visitor(gateway.origin).get('/hub/login')).status).toBe(200);
    expect(gateway.output()).not.toMatch(/Something went wrong|TypeError/);
  });
});

describeWith(['root'], 'as root', () => {
  test('packages without their native parts are told before anything is served', async () => {
    const hide = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('no native module'); return next(name, context); } });`;
    const dataDir = join(folder, 'no-native');
    const env = { ...process.env, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hide)}` };
    const start = [main, 'serve', '--port', '0', '--data', dataDir];
    const run = promisify(execFile)(process.execPath, start, { cwd: folder, timeout: 20_000, env });
    const fault = (await run.catch((error: unknown) => error)) as { code: number; stderr: string };
    expect(fault.code).toBe(69);
    expect(fault.stderr).toContain('Cannot read who connects to a unix socket (SO_PEERCRED): no native module.');
    expect(fault.stderr).toContain('npm ci');
  });
});
