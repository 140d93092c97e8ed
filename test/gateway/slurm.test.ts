import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openAuthority } from '../../src/spawners/batch/authority.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { startSlurm } from '../helpers/slurm.ts';
import type { TestSlurm } from '../helpers/slurm.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** A server as a job of a real Slurm, through the whole program; the UI server is the bundled stand-in. */
describeWith(['slurm', 'root'], 'a server as a Slurm job', () => {
  let slurm: TestSlurm;
  let gateway: GatewayProcess;
  let visitor: Visitor;
  let owner: string;
  let nodePort: number;

  function settings(): Record<string, string> {
    return {
      PATH: '/usr/bin:/bin',
      CYLC_GATEWAY_SPAWNERS__SLURM: `{ conf: ${slurm.conf}, pollIntervalS: 0.3, submit: [--mem-bind=none] }`,
      CYLC_GATEWAY_HUB__LISTEN: `{ host: 127.0.0.1, port: ${nodePort} }`,
      CYLC_GATEWAY_HUB__CONNECT_URL: `https://127.0.0.1:${nodePort}`,
      CYLC_GATEWAY_SERVERS__POLL_INTERVAL_S: '0.5',
    };
  }

  beforeAll(async () => {
    slurm = await startSlurm();
    nodePort = await freePort();
    gateway = await startGateway({ env: settings() });
    owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
    visitor = new Visitor(gateway.origin);
    await visitor.submit(await visitor.get(gateway.links().get(owner) ?? ''));
  });
  afterAll(async () => {
    await gateway?.end();
    await slurm?.close();
  });

  async function start(fields: Record<string, string> = {}): Promise<void> {
    const answer = await visitor.submit(await visitor.get('/hub/spawn?profile=slurm'), fields, /spawn/);
    expect(answer.url, answer.body).toContain('/hub/spawn-pending');
  }

  async function isUp(): Promise<void> {
    let page = '';
    await until(
      async () => (page = (await visitor.get(`/user/${owner}/`)).body).includes('Stand-in server of'),
      60_000,
      () => page,
    );
  }

  test('it runs with the resources of the form, and its page is reached', async () => {
    await start({ 'option.cores': '2', 'option.memory': '512M', 'option.time': '1h' });
    await isUp();
    const jobs = await slurm.run('squeue', '--noheader', '--format=%T|%C|%m|%l|%u');
    expect(jobs.trim()).toBe(`RUNNING|2|512M|1:00:00|${owner}`);
  });

  test('a job that ends outside the gateway is told with its reason, and its log is shown', async () => {
    await slurm.run('scancel', '--user', owner);
    const page = await until(async () => {
      const answer = await visitor.get('/hub/spawn-pending');
      return answer.body.includes('CANCELLED') ? answer : undefined;
    }, 20_000);
    expect(page.body).toMatch(/its job was cancelled/);
  });

  test('a job that has to wait says why, and is taken back by Stop', async () => {
    await start({ 'option.partition': 'shut' });
    await until(async () => (await visitor.get('/hub/spawn-pending')).body.includes('PartitionDown'));
    await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
    await until(async () => (await slurm.run('squeue', '--noheader')).trim() === '');
  });

  test('what Slurm refuses is told in its words, with the form’s values kept', async () => {
    await start({ 'option.partition': 'nowhere' });
    const page = await until(async () => {
      const answer = await visitor.get('/hub/spawn-pending');
      return answer.body.includes('did not take the job') ? answer : undefined;
    }, 20_000);
    expect(page.body).toMatch(/invalid partition specified: nowhere/);
    expect((await visitor.get('/hub/spawn')).body).toContain('value="nowhere"');
  });

  test('a killed gateway finds the job again, and its server never notices', async () => {
    await start({ 'option.partition': '' });
    await isUp();
    const before = await slurm.run('squeue', '--noheader', '--format=%i');
    await gateway.end('SIGKILL');
    const port = Number(new URL(gateway.origin).port);
    gateway = await startGateway({ env: settings(), port, dataDir: gateway.dataDir });
    await isUp();
    expect(await slurm.run('squeue', '--noheader', '--format=%i')).toBe(before);
  });

  test('its port answers nobody but the gateway', async () => {
    const { servers } = JSON.parse(await readFile(join(gateway.dataDir, 'state.json'), 'utf8')) as {
      servers: Record<string, { upstream: { host: string; port: number; tls: string } }>;
    };
    const { host, port } = servers[`${owner}/`]!.upstream;
    await expect(answerOf(host, port, {})).rejects.toThrow();
    const other = await openAuthority({ dataDir: await mkdtemp(join(tmpdir(), 'gw-')), clock: systemClock });
    const { key, cert } = other.toRelay('x');
    await expect(answerOf(host, port, { key, cert })).rejects.toThrow();
  });

  test('a gateway killed while the job starts goes on with it', async () => {
    await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
    await until(async () => (await visitor.get(`/user/${owner}/`)).status === 424);
    await start();
    await until(async () => (await slurm.run('squeue', '--noheader')).trim() !== '');
    await gateway.end('SIGKILL');
    const port = Number(new URL(gateway.origin).port);
    gateway = await startGateway({ env: settings(), port, dataDir: gateway.dataDir });
    await isUp();
  });

  test('a job that nobody knows any more ends by itself', async () => {
    await gateway.end('SIGKILL');
    await rm(join(gateway.dataDir, 'state.json'));
    await rm(join(gateway.dataDir, 'backups'), { recursive: true, force: true });
    gateway = await startGateway({ env: settings(), dataDir: gateway.dataDir });
    await until(async () => (await slurm.run('squeue', '--noheader')).trim() === '', 60_000);
  });
});

function answerOf(host: string, port: number, keys: { key?: string; cert?: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const probe = request({ host, port, path: '/', rejectUnauthorized: false, agent: false, ...keys }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    probe.on('error', reject).end();
  });
}
