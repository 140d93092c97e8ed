import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { startSlurm } from '../helpers/slurm.ts';
import type { TestSlurm } from '../helpers/slurm.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Cylc's own UI server, unmodified, as a job of a real Slurm, through the whole program. */
describeWith(['slurm', 'root', 'cylc'], 'cylc hubapp as a Slurm job', () => {
  let slurm: TestSlurm;
  let gateway: GatewayProcess;
  let visitor: Visitor;
  let owner: string;
  let settings: Record<string, string>;

  beforeAll(async () => {
    slurm = await startSlurm();
    const nodePort = await freePort();
    settings = {
      CYLC_GATEWAY_SERVERS: `{ cylc: ${cylcBin()}, warmStart: false, pollIntervalS: 0.5 }`,
      CYLC_GATEWAY_SPAWNERS__SLURM: `{ conf: ${slurm.conf}, pollIntervalS: 0.5 }`,
      CYLC_GATEWAY_HUB__LISTEN: `{ host: 127.0.0.1, port: ${nodePort} }`,
      CYLC_GATEWAY_HUB__CONNECT_URL: `https://127.0.0.1:${nodePort}`,
    };
    gateway = await startGateway({ env: settings });
    owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
    visitor = new Visitor(gateway.origin);
    await visitor.submit(await visitor.get(gateway.links().get(owner) ?? ''));
  });
  afterAll(async () => {
    await gateway?.end();
    await slurm?.close();
  });

  const gui = async (): Promise<void> => {
    let last = '';
    await until(
      async () => {
        const answer = await visitor.get(`/user/${owner}/cylc/`);
        last = `${answer.status} ${answer.url} ${answer.body.slice(0, 3000)}`;
        return answer.status === 200 && answer.body.includes('<title>Cylc');
      },
      90_000,
      () => last,
    );
  };

  test('its GUI opens after its own sign-in, as the right person', async () => {
    const form = await visitor.get('/hub/spawn?profile=slurm');
    await visitor.submit(form, { 'option.cores': '1', 'option.memory': '600M', 'option.time': '30min' }, /spawn/);
    await gui();
    const profile = JSON.parse((await visitor.get(`/user/${owner}/cylc/userprofile`)).body) as Record<string, unknown>;
    expect(profile).toMatchObject({ name: owner, owner, mode: 'multi user' });
    expect(profile['permissions']).toContain('play');
    expect((await slurm.run('squeue', '--noheader', '--format=%T|%u|%m')).trim()).toBe(`RUNNING|${owner}|600M`);
  });

  test('GraphQL is answered over HTTP and over its WebSocket', async () => {
    const path = `/user/${owner}/cylc/graphql`;
    const headers = { 'content-type': 'application/json', 'x-xsrftoken': visitor.cookie('_xsrf') ?? '' };
    const body = JSON.stringify({ query: '{ workflows { id } }' });
    const answer = await visitor.get(path, { method: 'POST', body, headers: { ...headers, origin: gateway.origin } });
    expect(JSON.parse(answer.body)).toMatchObject({ data: { workflows: [] } });

    const socket = visitor.websocket(`/user/${owner}/cylc/subscriptions`, ['graphql-ws']);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: {} }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(message.toString())).toMatchObject({ type: 'connection_ack' });
    socket.terminate();
  });

  test('its log is shown to its owner, and a restart of the gateway leaves it alone', async () => {
    const before = await slurm.run('squeue', '--noheader', '--format=%i');
    const port = Number(new URL(gateway.origin).port);
    await gateway.end('SIGKILL');
    gateway = await startGateway({ env: settings, port, dataDir: gateway.dataDir });
    await gui();
    expect(await slurm.run('squeue', '--noheader', '--format=%i')).toBe(before);
  });

  test('Stop ends it in order', async () => {
    await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
    await until(async () => (await visitor.get(`/user/${owner}/cylc/`)).status === 424);
    await until(async () => (await slurm.run('squeue', '--noheader')).trim() === '');
  });
});
