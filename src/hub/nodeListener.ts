import { createServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { once } from 'node:events';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { SetupError, toGatewayError } from '../errors.ts';
import { readJson } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import type { ServerKey } from '../servers/types.ts';
import { boundPrivateServer } from '../listen/privateServer.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';
import { clientIdOf } from './clientId.ts';
import type { HubBindings } from './serverTokens.ts';
import { bearerToken } from './tokens/tokenText.ts';
import type { HubContract } from './types.ts';

/** Who may connect, and what relays say. */
export interface NodeGate {
  tls: TlsOptions;
  /** Path to which relays report. */
  reportPath: string;
  /** The start that a certificate's common name stands for. */
  startOf(commonName: string | undefined): string | undefined;
  keyOf(startId: string): ServerKey | undefined;
  /** A report of a relay; returns the status of the answer. */
  take(startId: string, body: unknown, from: string): Promise<number>;
  /** The port that the listener got. */
  opened(port: number): void;
}

export interface NodeListenerOptions extends NodeGate {
  listen: { host: string; port: number };
  /** The Hub's application, relative to `<base>/hub/api`. */
  app: Hono;
  contract: Pick<HubContract, 'isFor'>;
  urls: Urls;
  events: Events | undefined;
  log?: Logger;
}

export interface NodeListener {
  port: number;
  close(): Promise<void>;
}

/**
 * The Hub for servers on other nodes. TLS on both sides: only the relay of a start of ours gets a word in at all. It may
 * do what a server has to, and only with tokens for that very server: a token taken from elsewhere is worth nothing here.
 */
export async function listenForNodes(options: NodeListenerOptions): Promise<NodeListener> {
  const answer = getRequestListener(createApp(options).fetch, { overrideGlobalObjects: false });
  const server = createServer({ ...options.tls, handshakeTimeout: 20_000 }, (request, response) => {
    // hubapp sends the relay's encoded socket as Host, which no URL can have.
    request.headers.host = 'hub.localhost';
    void answer(request, response);
  });
  boundPrivateServer(server, { by: 'network' }, options.log);
  server.listen(options.listen.port, options.listen.host);
  await once(server, 'listening').catch((error: unknown) => {
    throw cannotListen(options.listen, error);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

interface NodeEnv {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse } & HubBindings;
  Variables: { startId: string };
}

function createApp(options: NodeListenerOptions): Hono<NodeEnv> {
  const { urls, contract } = options;
  const base = urls.hub('api');
  const machine = [
    { method: 'GET', path: /^\/?$/ },
    { method: 'GET', path: /^\/user$/ },
    { method: 'GET', path: /^\/cylc\/grants\/[^/]+$/ },
    { method: 'POST', path: /^\/oauth2\/token$/ },
    { method: 'POST', path: /^\/users\/[^/]+\/activity$/ },
  ];
  const root = new Hono<NodeEnv>({ strict: false });
  const deny = (c: Context<NodeEnv>, message: string): Response => {
    const { method, path } = c.req;
    const from = c.env.incoming.socket.remoteAddress ?? 'unknown';
    const asked = { method, path, upgrade: false, from };
    options.events?.emit('refused', { code: 'access.denied', status: 403, reason: message, ...asked });
    return c.json({ status: 403, message }, 403);
  };
  root.use(async (c, next) => {
    const { subject } = (c.env.incoming.socket as TLSSocket).getPeerCertificate();
    const name = subject?.CN;
    const startId = options.startOf(Array.isArray(name) ? name[0] : name);
    if (startId === undefined) return deny(c, 'Not the relay of a server.');
    c.set('startId', startId);
    await next();
    return undefined;
  });
  root.post(options.reportPath, async (c) => {
    const body = await readJson(c, bodyLimits.relay);
    const from = c.env.incoming.socket.remoteAddress ?? '';
    return c.body(null, (await options.take(c.get('startId'), body, from)) as 200);
  });
  root.use(async (c, next) => {
    const path = c.req.path.slice(base.length);
    const known =
      c.req.path.startsWith(base) && machine.some((one) => one.method === c.req.method && one.path.test(path));
    if (!known) return c.json({ status: 404, message: 'Not for servers.' }, 404);
    const key = options.keyOf(c.get('startId'));
    const token = bearerToken(c.req.header('authorization'));
    if (key === undefined || (token !== undefined && !contract.isFor(token, key)))
      return deny(c, 'Missing or invalid credentials.');
    c.env.admitServerToken = (record) => record.clientId === clientIdOf(key);
    await next();
    return undefined;
  });
  root.route(base, options.app);
  root.onError((thrown, c) => {
    const error = toGatewayError(thrown);
    return c.json(error.toJSON(), error.status as 400);
  });
  return root;
}

function cannotListen({ host, port }: NodeListenerOptions['listen'], cause: unknown): SetupError {
  const why = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'another program has that port' : String(cause);
  return new SetupError(`Cannot listen for servers on other nodes, on ${host} port ${port}: ${why}.`, {
    advice: 'Set hub.listen to an address and port of this host that the nodes reach.',
    exitCode: 69,
    cause,
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
