import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { GatewayError } from '../errors.ts';
import { answerBrokenRequest } from '../proxy/answers.ts';
import { readCanonical } from '../proxy/canonical.ts';
import type { CanonicalRequest } from '../proxy/canonical.ts';
import { createRequestIds } from '../proxy/requestIds.ts';
import { isWebSocketUpgrade } from '../proxy/upgradeRules.ts';
import type { ChpMetrics } from '../telemetry/chpMetrics.ts';
import type { Logger } from '../telemetry/log.ts';
import { carryHttp } from './carry/http.ts';
import type { Closable, Exchange } from './carry/types.ts';
import { writeHead } from './carry/upgradeHead.ts';
import { carryWebSocket } from './carry/websocket.ts';
import type { ErrorAnswers, ErrorStatus } from './errorAnswers.ts';
import { toClient, toTarget } from './headers.ts';
import type { ClientSide } from './headers.ts';
import type { ChpOptions } from './options.ts';
import { chpPathFault } from './pathFault.ts';
import { upgradeFault } from './upgradeFault.ts';
import type { ChpRoute, ChpRoutes } from './routeStore.ts';
import { maxHeadBytes } from './targets.ts';
import type { Target, Targets } from './targets.ts';
import { upstreamPath } from './upstreamPath.ts';

export interface PublicServerParts {
  options: ChpOptions;
  create(options: ServerOptions): Server;
  routes: ChpRoutes;
  targets: Targets;
  errors: ErrorAnswers;
  /** Open WebSockets. */
  sockets: Set<Closable>;
  metrics: ChpMetrics | undefined;
  now(): number;
  log: Logger;
}

/** Answers one way or the other: a response, or the bytes of one on an upgrade's socket. */
type Fail = (status: ErrorStatus, url: string, requestId: string) => void;

interface Carried {
  route: ChpRoute;
  target: Target;
  client: ClientSide;
  headers: string[];
  exchange: Exchange;
}

/** What the world reaches: checks each request once, finds its route, carries it. Nobody is asked who they are. */
export function createPublicServer(parts: PublicServerParts): Server {
  const { options, routes, targets, sockets, metrics, log } = parts;
  const nextId = createRequestIds();

  function touch(route: ChpRoute): void {
    const end = metrics?.startActivity();
    route.lastActivity = parts.now();
    end?.();
  }

  function find(path: string, host: string | undefined): ChpRoute | undefined {
    const end = metrics?.startFindTarget();
    const name = options.hostRouting ? (host?.replace(/:[0-9]+$/, '').toLowerCase() ?? '') : undefined;
    const route = routes.match(path, name);
    end?.();
    return route;
  }

  /** Reads, checks and routes; undefined once it has been refused. */
  function prepare(req: IncomingMessage, upgrade: boolean, fail: Fail): Carried | undefined {
    const raw = req.rawHeaders;
    const canonical = readCanonical(
      { method: req.method!, target: req.url!, version: req.httpVersion, headers: raw, upgrade },
      chpPathFault,
    );
    const requestId = clientsId(req) ?? nextId();
    const refuse = (status: ErrorStatus, reason: string, error?: GatewayError): void => {
      metrics?.proxied(status);
      const cause = error?.cause instanceof Error ? error.cause.message : undefined;
      const path = req.url!.split('?', 1)[0]!.slice(0, 200);
      log[status < 500 ? 'info' : 'error'](
        { requestId, status, method: req.method, path, reason, cause },
        'not carried',
      );
      fail(status, req.url!, requestId);
    };
    const fault = canonical.ok ? (upgrade ? upgradeFault(req) : undefined) : canonical.fault;
    if (!canonical.ok || fault !== undefined) {
      refuse(400, fault ?? '');
      return undefined;
    }
    const asked = canonical.request;
    const route = find(asked.path, asked.host);
    if (route === undefined) {
      refuse(404, 'no route');
      return undefined;
    }
    const target = targets.of(route.target);
    const depth = options.hostRouting && route.depth > 0 ? route.depth - 1 : route.depth;
    const request = { ...asked, ...upstreamPath(asked, target.url, depth, options) };
    const client = clientSide(req, asked, upgrade);
    const headers = toTarget(raw, client, target.url, options);
    const exchange: Exchange = { requestId, request, refuse: (error) => refuse(503, error.code, error) };
    return { route, target, client, headers, exchange };
  }

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    res.on('error', ignore);
    if (options.timeoutMs !== undefined) req.socket.setTimeout(options.timeoutMs);
    if (req.url === '/_chp_healthz') {
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"OK"}');
      return;
    }
    metrics?.web();
    const carried = prepare(req, false, (status, url, requestId) => {
      if (res.headersSent || res.destroyed) res.destroy();
      else
        void parts
          .errors(status, url)
          .then(({ headers, body }) => answer(req, res, { status, headers, body, requestId }));
    });
    if (carried === undefined) return;
    if (expectsContinue) res.writeContinue();
    const { route, target, client, headers, exchange } = carried;
    carryHttp(req, res, {
      pool: target,
      headers,
      exchange,
      rules: toClient(client, target.url, options),
      onDone: (status) => {
        metrics?.proxied(status);
        if (status < 300) touch(route);
      },
    });
  }

  function onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignore);
    metrics?.webSocket();
    const carried = prepare(req, true, (status) => answerSocket(socket, status));
    if (carried === undefined) return;
    const { route, target, client, headers, exchange } = carried;
    carryWebSocket(socket, head, {
      connect: () => target.open(),
      headers,
      exchange,
      rules: toClient(client, target.url, options),
      connectTimeoutMs: 30_000,
      headersTimeoutMs: options.proxyTimeoutMs ?? 2 ** 31 - 1,
      maxHeadBytes,
      onOpen(connection) {
        touch(route);
        sockets.add(connection);
        return () => sockets.delete(connection);
      },
      onActivity: () => touch(route),
    });
  }

  const server = parts.create({
    maxHeaderSize: maxHeadBytes,
    headersTimeout: 60_000,
    requestTimeout: 0,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
  });
  server.maxHeadersCount = 0;
  server.on('request', (req, res) => onRequest(req, res, false));
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  server.on('upgrade', onUpgrade);
  server.on('clientError', answerBrokenRequest);
  return server;
}

function clientSide(req: IncomingMessage, { host }: CanonicalRequest, upgrade: boolean): ClientSide {
  const { socket } = req;
  return { address: socket.remoteAddress ?? 'unix', secure: (socket as TLSSocket).encrypted, host, upgrade };
}

/** The id that the client or a proxy in front gave the request, if it is a plain one. */
function clientsId(req: IncomingMessage): string | undefined {
  const id = req.headers['x-request-id'];
  return typeof id === 'string' && /^[\w.:-]{1,64}$/.test(id) ? id : undefined;
}

interface Made {
  status: ErrorStatus;
  headers: Record<string, string>;
  body: Buffer;
  requestId: string;
}

function answer(req: IncomingMessage, res: ServerResponse, { status, headers, body, requestId }: Made): void {
  if (res.destroyed) return;
  const close = status === 400 || !req.complete ? { connection: 'close' } : {};
  res.writeHead(status, { ...headers, ...close, 'content-length': body.length, 'x-request-id': requestId });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function answerSocket(socket: Duplex, status: ErrorStatus): void {
  if (socket.destroyed || socket.writableEnded) return;
  const head = ['content-length', '0', 'connection', 'close'];
  socket.end(writeHead(`HTTP/1.1 ${status} ${STATUS_CODES[status]!}`, head), () => socket.destroy());
}

/** A client that went away is no event. Without a listener, it would end the process. */
function ignore(): void {}
