import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Identity, Target } from '../../src/access/types.ts';
import { createAuthorize } from '../../src/authorize.ts';
import type { Clock } from '../../src/clock.ts';
import type { Config } from '../../src/config/schema.ts';
import { proxySchema } from '../../src/config/sections/proxy.ts';
import { GatewayError } from '../../src/errors.ts';
import { isOwnCookie } from '../../src/identity/cookies.ts';
import type { Verified } from '../../src/identity/types.ts';
import { createFrontDoor } from '../../src/proxy/frontDoor.ts';
import type { FrontDoorParts } from '../../src/proxy/frontDoor.ts';
import { createHop } from '../../src/proxy/hop.ts';
import { renderPlainly } from '../../src/proxy/plainRefusal.ts';
import { createRoutes } from '../../src/proxy/routes.ts';
import type { Hop, RouteTable } from '../../src/proxy/types.ts';

/** One request as the upstream received it, byte for byte. */
export interface Received {
  /** Request line and headers, without the empty line. */
  head: string;
  /** What has come behind the head so far. */
  rest: Buffer;
  socket: Socket;
  /** Which connection to the upstream it came on, from 0. */
  connection: number;
}

export interface HopWorld {
  port: number;
  hop: Hop;
  routes: RouteTable;
  door: Server;
  /** What the gateway logged, parsed. */
  logs: Record<string, unknown>[];
  /** Requests that reached the upstream since `forget`. */
  received: Received[];
  /** All bytes that reached the upstream since `forget`, as latin1. */
  seen(): string;
  forget(): void;
  /** Opens a connection and writes; nothing is read yet. */
  open(bytes?: string | Buffer): Socket;
  /** Sends bytes as they are; all that comes back until the gateway closes the connection. */
  raw(bytes: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

export interface HopWorldOptions {
  config?: Partial<Config['proxy']>;
  clock?: Clock;
  /** Answers each request; by default a plain 200. */
  answer?: (request: Received) => void;
  app?: RequestListener;
  /** Path of the socket of the server of `gone`. */
  goneSocket?: string;
  /** Done to the server before it listens. */
  prepare?: (door: Server) => void;
  /** Makes the front door's server, where it is not a plain one. */
  create?: FrontDoorParts['create'];
  /** When the sign-in of `good` ends, ms since 1970. */
  expiresAt?: () => number;
  /** Whose a request is, by its cookies; alice's by default. All may open alice's server then. */
  accountOf?: (cookies: string) => string;
  /** Value of the session cookie that is alice's; `good` by default. */
  session?: string;
}

/** Value of the session cookie that is alice's. */
export const good = 'good-session-value';
export const cookie = `cylc-gateway=${good}`;
export const alice: Target = { kind: 'server', owner: 'alice', name: '' };
const account = { name: 'alice', uid: 1, gid: 1, home: '/', shell: '/', displayName: '', groups: [], admin: false };

/** Front door, real gate and hop on loopback, before an upstream of raw sockets. alice is signed in by `cookie`; bob's server is not hers. */
export async function openHopWorld(options: HopWorldOptions = {}): Promise<HopWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'hop-'));
  const clock = options.clock ?? { now: () => Date.now() };
  const config = { ...proxySchema.parse({ requestsPerAccount: 0, requestsPerAddress: 0 }), ...options.config };
  const logs: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    { write: (line: string) => void logs.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const upstream = rawUpstream(options.answer ?? ((request) => request.socket.write(plainAnswer)));
  upstream.server.listen(join(dir, 'u.sock'));
  await once(upstream.server, 'listening');

  const publicUrl = 'http://localhost:8000';
  const hop = createHop({ config, publicUrl, log, clock });
  const routes = createRoutes();
  for (const owner of ['alice', 'bob'])
    routes.open({ kind: 'server', owner, name: '' }, { kind: 'unix', path: join(dir, 'u.sock') });
  routes.open(
    { kind: 'server', owner: 'gone', name: '' },
    { kind: 'unix', path: options.goneSocket ?? join(dir, 'none.sock') },
  );
  const identity = (header: string): Identity => ({
    account: { ...account, name: options.accountOf?.(header) ?? account.name },
    sessionId: 's1',
    issuer: 'i',
    expiresAt: options.expiresAt?.() ?? clock.now() + 60_000,
    via: 'cookie',
  });
  const authorize = createAuthorize({
    identify: ({ cookie: header }) => signedIn(header, `cylc-gateway=${options.session ?? good}`, identity),
    match: (path) => routes.match(path),
    access: (who, target) =>
      target.kind === 'server' &&
      (target.owner === who.account.name || target.owner === 'gone' || options.accountOf !== undefined)
        ? { allowed: true, level: 'owner', reason: 'owner' }
        : { allowed: false, reason: 'not the owner' },
    view: () => undefined,
    isOwnCookie,
    loginCookieFits: () => true,
    publicOrigin: publicUrl,
  });
  const app: RequestListener = options.app ?? ((_, res) => res.end('app'));
  const door = createFrontDoor({
    authorize,
    hop,
    render: renderPlainly,
    basePath: '',
    config,
    log,
    app,
    ...(options.create === undefined ? {} : { create: options.create }),
  });
  options.prepare?.(door);
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const { port } = door.address() as AddressInfo;
  const clients = new Set<Socket>();
  const open = (bytes: string | Buffer = ''): Socket => {
    const socket = connect({ port, host: '127.0.0.1' });
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    socket.on('error', () => undefined);
    if (bytes.length > 0) socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return socket;
  };
  return {
    port,
    hop,
    routes,
    door,
    logs,
    received: upstream.received,
    seen: () => Buffer.concat(upstream.bytes).toString('latin1'),
    forget() {
      upstream.received.length = 0;
      upstream.bytes.length = 0;
    },
    open,
    raw: (bytes) => readAll(open(bytes)),
    async close() {
      door.close();
      for (const socket of clients) socket.destroy();
      door.closeAllConnections();
      await hop.close();
      upstream.end();
      rmSync(dir, { recursive: true });
    },
  };
}

export const plainAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

/** All that comes until the other side closes or breaks off. */
export function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

/** Waits until what has come holds `part`. */
export async function readUntil(socket: Socket, part: string): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1');
    if (text.includes(part)) return text;
  }
  throw new Error(`the connection was closed before ${JSON.stringify(part)}; it said ${JSON.stringify(text)}`);
}

function signedIn(
  header: string | undefined,
  session: string,
  identity: (header: string) => Identity,
): Verified<Identity> {
  if (header?.split(/; ?/).includes(session) === true) return { ok: true, value: identity(header ?? '') };
  return { ok: false, error: new GatewayError('auth.required'), reason: 'no session' };
}

function rawUpstream(answer: (request: Received) => void) {
  const received: Received[] = [];
  const bytes: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = connections++;
    let pending = Buffer.alloc(0);
    let current: Received | undefined;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      bytes.push(chunk);
      if (current !== undefined && !/^[A-Z]+ \/\S* HTTP/.test(chunk.toString('latin1'))) {
        current.rest = Buffer.concat([current.rest, chunk]);
        return;
      }
      pending = Buffer.concat([pending, chunk]);
      const end = pending.indexOf('\r\n\r\n');
      if (end === -1) return;
      current = { head: pending.toString('latin1', 0, end), rest: pending.subarray(end + 4), socket, connection };
      pending = Buffer.alloc(0);
      received.push(current);
      answer(current);
    });
  });
  return {
    server,
    received,
    bytes,
    end() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
