import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../helpers/command.ts';
import type { CommandEnd } from '../helpers/command.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { Visitor } from '../helpers/visitor.ts';

/** What administrators type, and expect to work. */
let folder: string;
let file: string;
let gateway: GatewayProcess;

beforeAll(async () => {
  folder = dataFolder('line');
  file = join(folder, 'gateway.yaml');
  writeFileSync(
    file,
    'access: { admins: [daemon], adminGroups: ["system:no-such", wheel, "local:no-such", "claim:any", "system:root"] }\n',
  );
  gateway = await startGateway({ dataDir: join(folder, 'data'), cwd: folder, args: ['--config', file] });
});
afterAll(async () => {
  await gateway.end();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...words: string[]): Promise<CommandEnd> => runCommand(words, { cwd: '/' });

test('options may stand before the command', async () => {
  const ends = await Promise.all([
    run('--config', file, 'users', 'list'),
    run('-c', file, '--set', 'log.level=warn', 'users', 'list', '--json'),
    run(`--config=${file}`, 'maintenance', 'show'),
  ]);
  expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
});

test('an admin by the configuration is listed as one, and made none in the configuration only', async () => {
  const { stdout } = await run('users', 'list', '--json', '--config', file);
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ key: 'daemon', admin: true }));
  expect((await run('users', 'list', '--config', file)).stdout).toMatch(/daemon +yes/);
  const refused = await run('users', 'edit', 'daemon', '--no-admin', '--config', file);
  expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining('access.admins')]);
});

test.each([
  ['npm start --port 8080', ['serve', '8080'], { npm_config_port: '8080' }],
  ['npm start --port=8080', ['serve'], { npm_config_port: '8080' }],
  ['npm start --host ::1 --port 1', ['serve', '::1', '1'], { npm_config_host: '::1', npm_config_port: '1' }],
])('%s is told what npm wants', async (_, words, given) => {
  const env = { ...process.env, npm_lifecycle_event: 'start', ...given };
  const { code, stderr } = await runCommand(words, { cwd: folder, env });
  expect([code, stderr]).toEqual([64, expect.stringContaining('npm start -- --port 8080')]);
  expect(stderr).toContain('--port');
});

test('the doctor names the groups that nobody is in', async () => {
  const { stdout } = await runCommand(['check', '--json', '--config', file], { cwd: '/', timeoutMs: 120_000 });
  const { findings } = JSON.parse(stdout) as { findings: { what: string }[] };
  const told = findings.map(({ what }) => what).filter((what) => what.startsWith('access.adminGroups'));
  expect(told).toEqual([
    expect.stringContaining('system:no-such: the system has no such group'),
    expect.stringContaining('wheel: a group has its origin before it'),
    expect.stringContaining('local:no-such: admin.json has no such group'),
  ]);
});

test('servers are stopped although the PAM service, a key set and a certificate are missing', async () => {
  const broken = join(folder, 'broken');
  mkdirSync(broken);
  const first = await startGateway({ dataDir: join(broken, 'data'), cwd: broken });
  await first.end();
  writeFileSync(
    join(broken, 'gateway.yaml'),
    `publicUrl: https://cylc.example.org
listen: { tls: { cert: gone.pem, key: gone.pem } }
identity:
  pam: { enabled: true, service: no-such-service }
  issuers: [{ issuer: i, audience: a, cookie: c, jwksFile: gone.json }]
`,
  );
  const stop = await runCommand(['servers', 'stop', '--all', '-c', join(broken, 'gateway.yaml')], { cwd: '/' });
  expect(stop).toMatchObject({ code: 0, stdout: expect.stringContaining('No server is running.') });
});

describeWith(['root', 'pam'], 'a time of maintenance', () => {
  test('is told on the form for the password, before anything is typed', async () => {
    const visitor = new Visitor(gateway.origin);
    expect((await visitor.get('/hub/login')).body).not.toContain('The disks are moved');
    await run('maintenance', 'on', 'The disks are moved.', '--config', file);
    const page = await visitor.get('/hub/login');
    expect(page.body).toContain('name="password"');
    expect(page.body).toContain('The disks are moved.');
    await run('maintenance', 'off', '--config', file);
    expect((await visitor.get('/hub/login')).body).not.toContain('The disks are moved');
  });
});
