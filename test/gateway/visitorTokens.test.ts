import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask } from '../helpers/chp.ts';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { endAll, ownerOf, signIn } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { ownToken } from '../helpers/ownToken.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

interface Seen {
  path: string;
  authorization: string[];
}

/** A server and a service that collect what their visitors bring along: none gets a token that is good elsewhere (S5). */
describeWith(['python'], 'what servers and services see of a visitor’s own token', () => {
  const folder = shortFolder('hostile');
  let service: Server;
  let gateway: GatewayProcess;
  let owner: string;
  let guest: Visitor;
  let token: string;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    service = createServer((request, response) => {
      const headers = request.rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name, request.rawHeaders[at + 1]]] : [],
      );
      response.end(JSON.stringify({ path: request.url, headers }));
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    gateway = await startGateway({
      env: {
        CYLC_GATEWAY_SERVERS__CYLC: makeFakeCylc(join(folder, 'venv'), '/usr/bin/python3').cylc,
        CYLC_GATEWAY_SERVERS__ENVIRONMENT: JSON.stringify({ SMALL_SERVER: 'echoes' }),
        CYLC_GATEWAY_SERVICES: JSON.stringify([{ name: 'eager', kind: 'external', url }]),
      },
    });
    owner = ownerOf(gateway);
    const self = new Visitor(gateway.origin);
    guest = new Visitor(gateway.origin);
    await signIn(gateway, self, owner);
    await signIn(gateway, guest, 'guest');
    await self.submit(await self.get('/hub/spawn'), {}, /spawn/);
    const grant = { 'option.kind': 'user', 'option.grantee': 'guest', 'option.level': 'read' };
    await self.submit(await self.get(`/hub/share/${owner}`), grant, /\/share\//);
    token = await ownToken(guest);
    await until(
      async () => (await status(`/user/${owner}/x`, token)) === 200,
      60_000,
      () => gateway.output(),
    );
  });
  afterAll(async () => {
    await endAll(gateway);
    service.close();
    rmSync(folder, { recursive: true });
    rmSync(gateway.dataDir, { recursive: true });
  });

  const status = async (path: string, bearer: string, method = 'GET'): Promise<number> =>
    (await ask(gateway.origin, path, { method, headers: { authorization: `token ${bearer}` } })).status;
  const readSeen = (body: string): Seen => {
    const { path, headers } = JSON.parse(body) as { path: string; headers: [string, string][] };
    expect(body).not.toContain(token);
    const named = headers.filter(([name]) => name.toLowerCase() === 'authorization');
    return { path, authorization: named.map(([, value]) => value) };
  };
  const get = async (path: string, authorization: string): Promise<Seen> =>
    readSeen((await ask(gateway.origin, path, { headers: { authorization } })).body);
  /** What the server answers to a handshake that it does not take. */
  async function handshake(path: string, headers: Record<string, string> = {}): Promise<Seen> {
    const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}${path}`, { headers, origin: gateway.origin });
    socket.on('error', () => {});
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    let body = '';
    for await (const chunk of answer) body += String(chunk);
    return readSeen(body);
  }
  const given = ({ authorization }: Seen): string => {
    expect(authorization).toHaveLength(1);
    return /^token (cgw_[\w-]+)$/.exec(authorization[0] ?? '')?.[1] ?? '';
  };
  const whoIs = async (bearer: string): Promise<unknown> => {
    const { status: code, body } = await ask(gateway.origin, '/hub/api/user', {
      headers: { authorization: `token ${bearer}` },
    });
    return code === 200 ? JSON.parse(body) : code;
  };
  const identifies = ['read:users:groups!user=guest', 'read:users:name!user=guest'];

  test('is one that opens this server and says who it is, the same each time, however it came', async () => {
    const place = `/user/${owner}/x`;
    const first = given(await get(place, `token ${token}`));
    const ways = [
      await get(place, `Bearer ${token}`),
      await handshake(place, { authorization: `token ${token}` }),
      await handshake(`${place}?a=1&token=${token}`),
      await handshake(`${place}?%74oken=${token}`),
    ];
    expect(ways.map(given)).toEqual([first, first, first, first]);
    expect(ways.map(({ path }) => path)).toEqual([place, place, `${place}?a=1`, place]);
    expect(await whoIs(first)).toMatchObject({
      name: 'guest',
      kind: 'user',
      scopes: [`access:servers!server=${owner}/`, ...identifies],
    });
    expect(given(await get(place, `token ${first}`)), 'what is for this server passes as it is').toBe(first);
  });

  test('and of a service, one for that service', async () => {
    const seen = given(await get('/services/eager/x', `token ${token}`));
    expect(await whoIs(seen)).toMatchObject({
      name: 'guest',
      scopes: ['access:services!service=eager', ...identifies],
    });
    expect(await status(`/user/${owner}/x`, seen)).toBe(403);
  });

  test('which is good for nothing else', async () => {
    const seen = given(await get(`/user/${owner}/x`, `token ${token}`));
    expect(await status('/services/eager/x', seen)).toBe(403);
    expect(await status('/user/guest/x', seen)).toBe(403);
    expect(await status('/hub/api/users/guest/tokens', seen, 'POST')).toBe(403);
    expect(await status('/hub/api/users/guest/server', seen, 'POST')).toBe(403);
    expect(await status('/hub/api/users', seen)).toBe(403);
    expect(await whoIs(`${seen.slice(0, -1)}${seen.endsWith('A') ? 'B' : 'A'}`), 'and cannot be made up').toBe(403);
  });

  test('a token in the address of a page is refused, however it is written', async () => {
    for (const name of ['token', '%74oken', 'toke%6e'])
      for (const value of [token, token.replace('cgw', '%63gw')])
        expect((await ask(gateway.origin, `/user/${owner}/x?${name}=${value}`)).status).toBe(400);
  });

  test('ends with the token that it stands for', async () => {
    const narrow = await ownToken(guest);
    const seen = given(await get(`/user/${owner}/x`, `token ${narrow}`));
    const { token_id: id } = (await whoIs(narrow)) as { token_id: string };
    expect(await whoIs(seen)).toMatchObject({ name: 'guest' });
    expect(await status(`/hub/api/users/guest/tokens/${id}`, token, 'DELETE')).toBe(204);
    expect(await whoIs(seen)).toBe(403);
    expect(await status(`/user/${owner}/x`, seen)).toBe(401);
  });
});
