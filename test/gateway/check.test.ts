import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask, createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NamedFinding } from '../../src/cli/doctor/types.ts';
import { runCommand } from '../helpers/command.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';

/** `cylc-gateway check`, the program itself. What each check finds: test/node/doctor.test.ts. */
interface Told {
  code: number;
  ok: boolean;
  findings: NamedFinding[];
}

async function check(cwd: string, ...words: string[]): Promise<Told> {
  const { code, stdout, stderr } = await runCommand(['check', '--json', ...words], { cwd });
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Omit<Told, 'code'>) };
}

function of({ findings }: Told, name: string): string[] {
  return findings.filter((one) => one.check === name).map(({ outcome, what }) => `${outcome}: ${what}`);
}

describe('before the first start', () => {
  let folder: string;
  let port: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'check-'));
    port = String(await freePort());
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('all is well, in words for people; nothing is made', async () => {
    const told = await runCommand(['check', '--set', `listen.port=${port}`], { cwd: folder });
    expect(told.stdout).toMatch(/^✓ Node +v\d+/);
    expect(told.stdout).toMatch(/\nAll is well(, with \d warnings?)?\.\n$/);
    expect(told.code).toBe(0);
    expect((await runCommand(['check'], { cwd: folder })).stdout).toContain('is made at the first start');
  });

  test('a port that another program has ends it with 78', async () => {
    const other = createServer().listen(Number(port), '127.0.0.1');
    await once(other, 'listening');
    const told = await check(folder, '--set', `listen.port=${port}`);
    other.close();
    expect([told.code, told.ok]).toEqual([78, false]);
    expect(of(told, 'Port')[0]).toMatch(/^fault: .*another program has that port/);
  });

  test('a faulty configuration is told with every fault, and the files are looked at all the same', async () => {
    writeFileSync(join(folder, 'gateway.yaml'), 'listen: { port: many }\nidentitty: {}\n');
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, 'admin.json'), '{ "version": 1, "acounts": {} }', { mode: 0o600 });
    const told = await check(folder);
    expect(told.code).toBe(78);
    expect(of(told, 'Configuration')[0]).toMatch(/line 1: listen\.port[\s\S]*identitty/);
    expect(of(told, 'Store')[0]).toMatch(/^fault: admin\.json: line 1, column 1, accounts/);
  });
});

describe('with the gateway running', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
  });
  afterAll(() => gateway.end());

  const at = (publicUrl: string): Promise<Told> =>
    check(gateway.dataDir, '--data', gateway.dataDir, '--set', `publicUrl=${publicUrl}`);

  test('its address leads to it, WebSockets too, and its port is its own', async () => {
    const told = await at(gateway.origin);
    expect(of(told, 'Public address')).toEqual([
      `ok: ${gateway.origin} leads to this gateway.`,
      'ok: WebSockets get through.',
    ]);
    expect(of(told, 'Port')[0]).toMatch(/running gateway's own/);
    expect(told.code).toBe(0);
  });

  test('another gateway at that address is noticed', async () => {
    const other = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
    const told = await at(other.origin);
    await other.end();
    expect(of(told, 'Public address')).toEqual([`fault: ${other.origin} does not lead to this gateway.`]);
  });

  test('a web server in front that keeps WebSockets off is found out; one that passes them is not', async () => {
    const behind = Number(new URL(gateway.origin).port);
    const forward: RequestListener = (req, res) => {
      const { upgrade: _, connection: __, ...headers } = req.headers;
      req.pipe(
        ask({ port: behind, path: req.url, method: req.method, headers }, (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(res);
        }),
      );
    };
    const lossy = createServer({ shouldUpgradeCallback: () => false }, forward).listen(0, '127.0.0.1');
    const good = createServer(forward).on('upgrade', (req, socket: Socket) => {
      const lines = Object.entries(req.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      const onward = connect(behind, '127.0.0.1');
      onward.write(`GET ${req.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
      socket.pipe(onward).pipe(socket);
    });
    good.listen(0, '127.0.0.1');
    await Promise.all([once(lossy, 'listening'), once(good, 'listening')]);
    const [without, passing] = await Promise.all(
      [lossy, good].map((server) => at(`http://localhost:${(server.address() as AddressInfo).port}`)),
    );
    for (const server of [lossy, good]) server.close();
    expect(of(without!, 'Public address')[1]).toMatch(/^fault: WebSockets do not get through/);
    expect(without!.code).toBe(78);
    expect(of(passing!, 'Public address')[1]).toBe('ok: WebSockets get through.');
  });
});
