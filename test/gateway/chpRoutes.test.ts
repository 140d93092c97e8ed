/** What configurable-http-proxy documents, asked of the real one and of ours: API, routing, forwarding, errors. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, programs, startChp } from '../helpers/chp.ts';
import type { ChpAnswer, ChpProcess, ChpProgram } from '../helpers/chp.ts';
import { echoServer } from '../helpers/echoServer.ts';
import type { Echo, EchoServer } from '../helpers/echoServer.ts';
import { until } from '../helpers/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'chp-'));
const both = Object.keys(programs) as ChpProgram[];
let one: EchoServer;
let two: EchoServer;
let unix: EchoServer;

beforeAll(async () => {
  one = await echoServer('one');
  two = await echoServer('two');
  unix = await echoServer('unix', { socketPath: join(dir, 'target.sock') });
  writeFileSync(join(dir, '404.html'), 'our own 404');
  writeFileSync(join(dir, 'error.html'), 'our own error');
});
afterAll(() => {
  for (const server of [one, two, unix]) server.close();
  rmSync(dir, { recursive: true });
});

const echo = ({ body }: ChpAnswer): Echo => JSON.parse(body) as Echo;
type Routes = Record<string, { target: string; last_activity: string; [key: string]: unknown }>;
const routesOf = ({ body }: ChpAnswer): Routes => JSON.parse(body) as Routes;

describe.each(both)('%s: the API', (program) => {
  let chp: ChpProcess;
  beforeAll(async () => (chp = await startChp(program, { args: ['--default-target', one.url] })));
  afterAll(() => chp.end());

  test('adds, shows and deletes routes', async () => {
    expect((await chp.addRoute('/user/foo', two.url, { user: 'foo', jupyterhub: true })).status).toBe(201);
    const all = routesOf(await chp.api('/api/routes'));
    expect(Object.keys(all).toSorted()).toEqual(['/', '/user/foo']);
    expect(all['/user/foo']).toMatchObject({ target: two.url, user: 'foo', jupyterhub: true });
    expect(Date.parse(all['/user/foo']!.last_activity)).toBeGreaterThan(Date.now() - 60_000);
    expect(JSON.parse((await chp.api('/api/routes/user/foo')).body)).toMatchObject({ target: two.url });
    expect((await chp.api('/api/routes/user/foo', { method: 'DELETE' })).status).toBe(204);
    expect((await chp.api('/api/routes/user/foo', { method: 'DELETE' })).status).toBe(404);
    expect((await chp.api('/api/routes/user/foo')).status).toBe(404);
    expect(echo(await chp.ask('/user/foo')).name).toBe('one');
  });

  test('is closed without the token, and with another', async () => {
    for (const authorization of ['', 'token wrong', 'Bearer secret'])
      expect((await chp.api('/api/routes', { headers: { authorization } })).status).toBe(403);
  });

  test('refuses what it cannot use', async () => {
    expect((await chp.api('/api/routes/x', { method: 'POST', body: 'no json' })).status).toBe(400);
    expect((await chp.api('/api/routes/x', { method: 'POST', body: '{"target": 7}' })).status).toBe(400);
    expect((await chp.api('/api/routes/x', { method: 'PUT', body: '{}' })).status).toBe(405);
    expect((await chp.api('/api/nothing')).status).toBe(404);
    expect((await chp.api('/api/routes?inactive_since=endoftheworld')).status).toBe(400);
  });

  test('lists the inactive ones', async () => {
    await chp.addRoute('/quiet', two.url);
    const future = new Date(Date.now() + 60_000).toISOString();
    const past = new Date(Date.now() - 60_000).toISOString();
    expect(routesOf(await chp.api(`/api/routes?inactive_since=${future}`))).toHaveProperty('/quiet');
    expect(routesOf(await chp.api(`/api/routes?inactiveSince=${future}`))).toHaveProperty('/quiet');
    expect(routesOf(await chp.api(`/api/routes?inactive_since=${past}`))).toEqual({});
  });

  test('takes routes with escapes, decoded', async () => {
    await chp.addRoute('/user/foo@bar%20x', two.url);
    expect(routesOf(await chp.api('/api/routes'))).toHaveProperty('/user/foo@bar x');
    expect(echo(await chp.ask('/user/foo%40bar%20x/y%20z'))).toMatchObject({
      name: 'two',
      url: '/user/foo%40bar%20x/y%20z',
    });
    expect((await chp.api('/api/routes/user/foo@bar%20x', { method: 'DELETE' })).status).toBe(204);
  });

  test('the root route may be set and moved', async () => {
    expect((await chp.addRoute('', two.url)).status).toBe(201);
    expect(echo(await chp.ask('/any/url')).name).toBe('two');
    expect((await chp.addRoute('/', one.url)).status).toBe(201);
    expect(echo(await chp.ask('/any/url')).name).toBe('one');
  });

  test('notes the activity of good answers and of WebSockets, not of errors', async () => {
    await chp.addRoute('/busy', two.url);
    const noted = async (): Promise<number> =>
      Date.parse((JSON.parse((await chp.api('/api/routes/busy')).body) as { last_activity: string }).last_activity);
    const later = (than: number): Promise<number> => until(async () => ((await noted()) > than ? noted() : undefined));
    let before = await noted();
    await tick(before);
    await chp.ask('/busy/status/404');
    await chp.ask('/busy/redirect?to=/x');
    expect(await noted()).toBe(before);
    await chp.ask('/busy/x');
    before = await later(before);
    const socket = new WebSocket(`${chp.url.replace('http', 'ws')}/busy/ws`);
    await new Promise((resolve) => socket.once('message', resolve));
    before = await noted();
    await tick(before);
    socket.send('hello');
    await later(before);
    socket.terminate();
  });
});

/** Until the clock of the machine shows another millisecond than this one. */
const tick = (ms: number): Promise<unknown> => until(() => Date.now() > ms + 5);

describe.each(both)('%s: carrying', (program) => {
  let chp: ChpProcess;
  beforeAll(async () => {
    chp = await startChp(program);
    await chp.addRoute('/a', one.url);
    await chp.addRoute('/a/b', two.url);
    await chp.addRoute('/path', `${one.url}/base/path?fixed=1`);
    await chp.addRoute('/unix', unix.url);
    await chp.addRoute('/gone', 'http://127.0.0.1:1');
  });
  afterAll(() => chp.end());

  test('the longest prefix wins, segment by segment', async () => {
    expect(echo(await chp.ask('/a'))).toMatchObject({ name: 'one', url: '/a' });
    expect(echo(await chp.ask('/a/bc'))).toMatchObject({ name: 'one', url: '/a/bc' });
    expect(echo(await chp.ask('/a/b?x=1'))).toMatchObject({ name: 'two', url: '/a/b?x=1' });
    expect(echo(await chp.ask('/a/b/c'))).toMatchObject({ name: 'two', url: '/a/b/c' });
    expect((await chp.ask('/ab')).status).toBe(404);
  });

  test('the path of the target comes first, with its query', async () => {
    expect(echo(await chp.ask('/path/rest?x=1')).url).toBe('/base/path/path/rest?fixed=1&x=1');
  });

  test('methods, bodies, cookies and Authorization pass as they are', async () => {
    const headers = { cookie: 'a=1; b=2', authorization: 'token abc', 'x-own': 'y' };
    const seen = echo(await chp.ask('/a/x', { method: 'PATCH', body: 'some text', headers }));
    expect(seen).toMatchObject({ method: 'PATCH', body: 'some text', headers });
    expect((await chp.ask('/a/cookies')).headers['set-cookie']).toEqual(['a=1; Domain=x.example', 'b=2; Path=/']);
    expect((await chp.ask('/a/status/418')).status).toBe(418);
  });

  test('adds to the forwarded headers of a proxy in front', async () => {
    const host = 'hub.example:444';
    const first = echo(await chp.ask('/a', { headers: { host } })).headers;
    expect(first).toMatchObject({
      host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': host,
      'x-forwarded-port': '444',
      'x-forwarded-proto': 'http',
    });
    const given = { 'x-forwarded-for': '10.1.1.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'outside' };
    expect(echo(await chp.ask('/a', { headers: { host, ...given } })).headers).toMatchObject({
      'x-forwarded-for': '10.1.1.1,127.0.0.1',
      'x-forwarded-proto': 'https,http',
      'x-forwarded-host': 'outside',
    });
  });

  test('carries WebSockets both ways, to TCP and to unix sockets', async () => {
    for (const [path, name] of [
      ['/a/ws', 'one'],
      ['/unix/ws', 'unix'],
    ]) {
      const socket = new WebSocket(`${chp.url.replace('http', 'ws')}${path}`, ['v1.x'], { headers: { cookie: 'c=1' } });
      const messages: string[] = [];
      socket.on('message', (data: Buffer) => messages.push(data.toString()));
      await until(() => messages.length === 1);
      expect(JSON.parse(messages[0]!)).toMatchObject({ name, url: path, headers: { cookie: 'c=1' } });
      socket.send('round trip');
      await until(() => messages.length === 2);
      expect(messages[1]).toBe('round trip');
      socket.terminate();
    }
  });

  test('reaches unix sockets', async () => {
    expect(echo(await chp.ask('/unix/x'))).toMatchObject({ name: 'unix', url: '/unix/x' });
  });

  test('404 where no route is, 503 where nobody answers, for WebSockets too', async () => {
    for (const [path, status] of [
      ['/nowhere', 404],
      ['/gone/x', 503],
    ] as const) {
      const answer = await chp.ask(path);
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toContain('text/html');
      const socket = new WebSocket(`${chp.url.replace('http', 'ws')}${path}`);
      const refusal = await new Promise((resolve) => socket.once('error', resolve));
      expect(String(refusal)).toContain(String(status));
    }
  });

  test('says that it is well', async () => {
    const answer = await chp.ask('/_chp_healthz');
    expect(answer).toMatchObject({ status: 200, body: '{"status":"OK"}' });
  });
});

describe.each(both)('%s: options', (program) => {
  const running: ChpProcess[] = [];
  const start = async (...args: string[]): Promise<ChpProcess> => {
    const chp = await startChp(program, { args });
    running.push(chp);
    return chp;
  };
  afterAll(() => Promise.all(running.map((chp) => chp.end())));

  test('--no-include-prefix and --no-prepend-path', async () => {
    const chp = await start('--no-include-prefix');
    await chp.addRoute('/path', `${one.url}/base`);
    expect(echo(await chp.ask('/path/rest/x?q=1')).url).toBe('/base/rest/x?q=1');
    const neither = await start('--no-include-prefix', '--no-prepend-path');
    await neither.addRoute('/path', `${one.url}/base`);
    expect(echo(await neither.ask('/path/rest/x')).url).toBe('/rest/x');
    const whole = await start('--no-prepend-path');
    await whole.addRoute('/path', `${one.url}/base`);
    expect(echo(await whole.ask('/path/rest')).url).toBe('/path/rest');
  });

  test('--host-routing', async () => {
    const chp = await start('--host-routing');
    await chp.addRoute('/alice.example', one.url);
    await chp.addRoute('/bob.example/deep', two.url);
    expect(routesOf(await chp.api('/api/routes'))['/alice.example']).toMatchObject({ host: 'alice.example' });
    const at = (path: string, host: string): Promise<ChpAnswer> => chp.ask(path, { headers: { host } });
    expect(echo(await at('/x', 'alice.example:8000'))).toMatchObject({ name: 'one', url: '/x' });
    expect(echo(await at('/deep/x', 'bob.example'))).toMatchObject({ name: 'two', url: '/deep/x' });
    expect((await at('/x', 'bob.example')).status).toBe(404);
    expect((await at('/alice.example', 'other.example')).status).toBe(404);
  });

  test('--no-x-forward, --change-origin and --custom-header', async () => {
    const chp = await start(
      '--no-x-forward',
      '--change-origin',
      '--custom-header',
      'k1: v1',
      '--custom-header',
      'k2:v2',
    );
    await chp.addRoute('/', one.url);
    const { headers } = echo(await chp.ask('/', { headers: { host: 'outside.example' } }));
    expect(headers).toMatchObject({ host: `127.0.0.1:${one.port}`, k1: 'v1', k2: 'v2' });
    expect(Object.keys(headers).filter((name) => name.startsWith('x-forwarded'))).toEqual([]);
  });

  test('--auto-rewrite and --protocol-rewrite change redirects to the target, and no others', async () => {
    const location = async (chp: ChpProcess, to: string): Promise<string | undefined> =>
      (await chp.ask(`/redirect?to=${encodeURIComponent(to)}`, { headers: { host: 'site.example' } })).headers.location;
    const plain = await start();
    await plain.addRoute('/', one.url);
    expect(await location(plain, `${one.url}/x`)).toBe(`${one.url}/x`);
    const auto = await start('--auto-rewrite', '--protocol-rewrite', 'https');
    await auto.addRoute('/', one.url);
    expect(await location(auto, `${one.url}/x?y=1#z`)).toMatch(/^https:\/\/site\.example(:[0-9]+)?\/x\?y=1#z$/);
    expect(await location(auto, 'http://elsewhere.example/x')).toBe('http://elsewhere.example/x');
    expect(await location(auto, '/relative')).toBe('/relative');
  });

  test('--error-target is asked for the page', async () => {
    const chp = await start('--error-target', `${one.url}/hub/error`);
    await chp.addRoute('/gone', 'http://127.0.0.1:1');
    const none = await chp.ask('/nowhere?q=1');
    expect(none.status).toBe(404);
    expect(echo(none)).toMatchObject({ method: 'GET', url: '/hub/error/404?url=%2Fnowhere%3Fq%3D1' });
    expect(none.headers['content-type']).toBe('application/json');
    const gone = await chp.ask('/gone/x', { method: 'POST', body: 'x' });
    expect(gone.status).toBe(503);
    expect(echo(gone)).toMatchObject({ method: 'GET', url: '/hub/error/503?url=%2Fgone%2Fx' });
    const lost = await start('--error-target', 'http://127.0.0.1:1');
    expect((await lost.ask('/nowhere')).status).toBe(404);
  });

  test('--error-path has pages by status, and one for the rest', async () => {
    const chp = await start('--error-path', dir);
    await chp.addRoute('/gone', 'http://127.0.0.1:1');
    expect(await chp.ask('/nowhere')).toMatchObject({ status: 404, body: 'our own 404' });
    expect(await chp.ask('/gone')).toMatchObject({ status: 503, body: 'our own error' });
  });

  test('--proxy-timeout gives up on a target that says nothing', async () => {
    const chp = await start('--proxy-timeout', '300');
    await chp.addRoute('/', one.url);
    expect((await chp.ask('/never')).status).toBe(503);
  });

  test('--socket, --api-socket and --metrics-socket', async () => {
    const at = (name: string): string => join(dir, `${name}-${both.indexOf(program)}.sock`);
    const args = ['--socket', at('public'), '--api-socket', at('api'), '--metrics-socket', at('metrics')];
    const chp = await startChp(program, { args, token: '', sockets: [at('public'), at('api'), at('metrics')] });
    running.push(chp);
    const body = JSON.stringify({ target: one.url });
    const over = (socketPath: string) => ({ tls: { socketPath } });
    const added = await ask('http://localhost', '/api/routes/', { method: 'POST', body, ...over(at('api')) });
    expect(added.status).toBe(201);
    expect(echo(await ask('http://localhost', '/x', over(at('public')))).name).toBe('one');
    const metrics = await ask('http://localhost', '/metrics', over(at('metrics')));
    for (const name of [
      'requests_web',
      'requests_proxy{status="200"} 1',
      'api_route_add 1',
      'find_target_for_req',
      'requests_ws',
      'requests_api',
    ])
      expect(metrics.body).toContain(name);
    expect((await ask('http://localhost', '/else', over(at('metrics')))).status).toBe(404);
  });
});
