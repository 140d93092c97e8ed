import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { createPbs } from '../helpers/pbs.ts';
import type { TestPbs } from '../helpers/pbs.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['python'], 'PBS', () => {
  /** The documented PBS profile through the whole program, on stand-in commands. */
  let pbs: TestPbs;
  let gateway: GatewayProcess;
  let visitor: Visitor;
  let owner: string;
  /** Of the profile; those of the site that it does not name stay. */
  const limits = { nofile: 700 };

  beforeAll(async () => {
    pbs = await createPbs();
    const nodePort = await freePort();
    gateway = await startGateway({
      env: {
        PATH: '/usr/bin:/bin',
        CYLC_GATEWAY_SPAWNERS: JSON.stringify(pbs.config.spawners),
        CYLC_GATEWAY_PROFILES: JSON.stringify(pbs.config.profiles.map((profile) => Object.assign({ limits }, profile))),
        CYLC_GATEWAY_SERVERS__LIMITS: '{ nofile: 4096, core: 4096 }',
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
      60_000,
      () => gateway.output().slice(-3000),
    );
    const { args } = await pbs.job('1.pbs');
    expect(args.slice(-4)).toEqual(['-l', 'select=1:ncpus=2:mem=1536mb', '-l', 'walltime=01:30:00']);
    expect(limitsOfJob()).toMatch(/^Max core file size +4096 +4096 [^]*^Max open files +700 +700 /m);
    await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
    await until(async () => (await pbs.job('1.pbs')).state === 'F');
  });

  test('what was chosen the last time is offered again', async () => {
    await until(async () => (await visitor.get(`/user/${owner}/`)).status === 424);
    expect((await visitor.get('/hub/spawn')).body).toMatch(/value="1.5G" id="field-memory"/);
  });

  /** The kernel's table of the server's limits: found by the socket that the relay gave it. */
  function limitsOfJob(): string {
    const pid = readdirSync('/proc').find((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return words.some((word) => word.startsWith(`--sock=${pbs.home}/`) && word.endsWith('/ui.sock'));
      } catch {
        return false;
      }
    });
    return readFileSync(`/proc/${pid ?? 'none'}/limits`, 'utf8');
  }
});
