import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../helpers/command.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

const example = join(import.meta.dirname, '../../docs/examples/results_service.py');
const apiToken = 'a-secret-of-at-least-32-characters-here';

/** The example of the documentation, as it is there: a service at an address of its own, known to the gateway by name. */
describeWith(['python'], 'a service of its own that asks the gateway who its users are', () => {
  let gateway: GatewayProcess;
  let service: ChildProcess;
  let address: string;
  let owner: string;
  let visitor: Visitor;
  let guest: Visitor;

  beforeAll(async () => {
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    const results = {
      name: 'results',
      kind: 'external',
      apiToken,
      oauthRedirectUri: `${address}/oauth_callback`,
      groups: ['local:ops'],
    };
    gateway = await startGateway({
      env: { PATH: '/usr/bin:/bin', CYLC_GATEWAY_SERVICES: JSON.stringify([results]) },
    });
    owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
    await command('groups', 'add', 'ops', '--member', owner);
    [visitor, guest] = [await signIn(owner), await signIn('guest')];
    service = spawn('python3', [example], {
      env: {
        PATH: process.env['PATH'],
        GATEWAY_URL: gateway.origin,
        SERVICE_NAME: 'results',
        SERVICE_TOKEN: apiToken,
        SERVICE_URL: address,
        PORT: String(port),
      },
      stdio: 'ignore',
    });
    await until(
      () =>
        fetch(address)
          .then(() => true)
          .catch(() => false),
      60_000,
    );
  });
  afterAll(async () => {
    const gone = once(service, 'exit');
    service.kill();
    await gone;
    await gateway.end();
  });

  async function command(...words: string[]): Promise<string> {
    const end = await runCommand([...words, '--data', gateway.dataDir], { cwd: gateway.dataDir });
    expect(end.code, end.stderr).toBe(0);
    return end.stdout.trim();
  }

  async function signIn(account: string): Promise<Visitor> {
    const visitor = new Visitor(gateway.origin);
    await visitor.submit(await visitor.get(gateway.links().get(account) ?? ''));
    return visitor;
  }

  async function asProgram(token: string): Promise<{ status: number; body: string }> {
    const answer = await fetch(address, { headers: { authorization: `token ${token}` } });
    return { status: answer.status, body: await answer.text() };
  }

  test('takes a token of who may open it, and no other', async () => {
    const token = await command('token', 'create', owner);
    expect(await asProgram(token)).toMatchObject({
      status: 200,
      body: expect.stringContaining(`Hello ${owner}`) as string,
    });
    const opener = await command('token', 'create', owner, '--scope', 'access:services!service=results');
    expect((await asProgram(opener)).status).toBe(200);
    expect((await asProgram(await command('token', 'create', owner, '--scope', 'servers!user'))).status).toBe(403);
    expect((await asProgram('cgw_junk')).status).toBe(403);
    expect((await asProgram(apiToken)).status, 'its own').toBe(403);
    expect((await fetch(address)).status).toBe(401);
    // The guest, since whoever started the gateway may be its admin, who needs no group.
    const passing = await command('token', 'create', 'guest');
    expect((await asProgram(passing)).status).toBe(403);
    await command('groups', 'edit', 'ops', '--member', 'guest');
    await until(async () => (await asProgram(passing)).status === 200);
    await command('groups', 'edit', 'ops', '--not-member', 'guest');
    await until(async () => (await asProgram(passing)).status === 403);
  });

  test('who may not open it is told so by the gateway', async () => {
    const refused = await guest.get(`${address}/`);
    expect(refused.status).toBe(403);
    expect(refused.url).toContain(gateway.origin);
    expect(refused.body).toContain('This service is not open to you.');
  });

  test('takes no code that its own browser did not ask for', async () => {
    const asked = await visitor.get(`${address}/`, { follow: false });
    const url = new URL(String(asked.headers['location']));
    url.searchParams.set('state', 'of-somebody-else');
    const question = await visitor.get(url.href);
    const back = question.body.includes('Open as') ? await visitor.submit(question, {}, /authorize/) : question;
    expect(back.status).toBe(400);
  });

  test('has no address at the gateway, and no link', async () => {
    expect((await visitor.get('/services/results/')).status).toBe(404);
    expect((await visitor.get('/hub/home')).body).not.toContain('/services/results/');
  });

  test('signs a browser in at the gateway, until it signs out there', async () => {
    const question = await visitor.get(`${address}/`);
    expect(question.body).toContain(`Open as ${owner}`);
    const page = await visitor.submit(question, {}, /authorize/);
    expect(page.url).toBe(`${address}/`);
    expect(page.body).toContain(`Hello ${owner}`);
    expect((await visitor.get(`${address}/`, { follow: false })).status).toBe(200);
    await visitor.submit(await visitor.get('/hub/home'), {}, /logout/);
    const after = await visitor.get(`${address}/`, { follow: false });
    expect(after.status).toBe(302);
    expect(after.headers['location']).toContain('/hub/api/oauth2/authorize');
  });
});
