import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { createPbs } from '../helpers/pbs.ts';
import type { TestPbs } from '../helpers/pbs.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** The documented PBS profile through the whole program, on stand-in commands. */
let pbs: TestPbs;
let gateway: GatewayProcess;
let visitor: Visitor;
let owner: string;

beforeAll(async () => {
  pbs = await createPbs();
  const nodePort = await freePort();
  gateway = await startGateway({
    env: {
      PATH: '/usr/bin:/bin',
      CYLC_GATEWAY_SPAWNERS: JSON.stringify(pbs.config.spawners),
      CYLC_GATEWAY_PROFILES: JSON.stringify(pbs.config.profiles),
      CYLC_GATEWAY_HUB__LISTEN: `{ host: 127.0.0.1, port: ${nodePort} }`,
      CYLC_GATEWAY_HUB__CONNECT_URL: `https://127.0.0.1:${nodePort}`,
      CYLC_GATEWAY_SERVERS__POLL_INTERVAL_S: '0.5',
    },
  });
  owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
  visitor = new Visitor(gateway.origin);
  await visitor.submit(await visitor.get(gateway.links().get(owner) ?? ''));
});
afterAll(async () => {
  await gateway?.end();
  await pbs?.close();
});

const form = () => visitor.get('/hub/spawn?profile=pbs');

test('a form that is not right names its fields and keeps what was typed; no job is submitted', async () => {
  const answer = await visitor.submit(await form(), { 'option.memory': '100G', 'option.time': '30' }, /spawn/);
  expect(answer.status).toBe(400);
  expect(answer.body).toContain('is more than 64 GiB');
  expect(answer.body).toMatch(/value="100G"[^>]*aria-invalid="true"/);
  expect(answer.body).toMatch(/value="30"[^>]*aria-invalid="true"/);
  expect(await pbs.jobs()).toEqual([]);
});

test('a server runs as a PBS job with the resources of the form, is reached, and ends with qdel', async () => {
  await visitor.submit(
    await form(),
    { 'option.cores': '2', 'option.memory': '1.5G', 'option.time': '90 min' },
    /spawn/,
  );
  await until(
    async () => (await visitor.get(`/user/${owner}/`)).body.includes('Stand-in server of'),
    30_000,
    () => gateway.output().slice(-3000),
  );
  const { args } = await pbs.job('1.pbs');
  expect(args.slice(-4)).toEqual(['-l', 'select=1:ncpus=2:mem=1536mb', '-l', 'walltime=01:30:00']);
  await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
  await until(async () => (await pbs.job('1.pbs')).state === 'F', 20_000);
});

test('what was chosen the last time is offered again', async () => {
  await until(async () => (await visitor.get(`/user/${owner}/`)).status === 424, 20_000);
  expect((await visitor.get('/hub/spawn')).body).toMatch(/value="1.5G" id="field-memory"/);
});
