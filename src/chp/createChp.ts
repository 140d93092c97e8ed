import { unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Clock } from '../clock.ts';
import { ClientReads } from '../proxy/clientReads.ts';
import type { Closable } from '../proxy/connections.ts';
import { ReadMemory } from '../proxy/upstream/readMemory.ts';
import { createTicker } from '../proxy/upstream/ticker.ts';
import { boundPrivateServer } from '../listen/privateServer.ts';
import { describeListening, listenAt } from '../listen/listening.ts';
import { createRedirectServer } from '../listen/redirectServer.ts';
import { createListener } from '../listen/tlsServer.ts';
import { createChpMetrics } from '../telemetry/chpMetrics.ts';
import type { ChpMetrics } from '../telemetry/chpMetrics.ts';
import type { Logger } from '../telemetry/log.ts';
import { createApi } from './api.ts';
import { createErrorAnswers } from './errorAnswers.ts';
import type { ChpOptions } from './options.ts';
import { createPublicServer } from './publicServer.ts';
import { createChpRoutes } from './routeStore.ts';
import { createTargets } from './targets.ts';

export interface Chp {
  /** Opens all its ports. Throws a `SetupError` where one is not to be had. */
  listen(): Promise<void>;
  /** Reads the certificates anew. */
  reload(): Promise<void>;
  /** Ends WebSockets with 1001, lets running answers end for a moment, closes. */
  close(): Promise<void>;
  /** The public server and that of the API. */
  servers: { public: Server; api: Server };
}

/** How long running answers may take after a close was asked for, ms. JupyterHub waits one second for its proxy. */
const drainMs = 800;

/** `cylc-gateway proxy`: the hop without our sign-in, in the place of configurable-http-proxy. */
export async function createChp(options: ChpOptions, { log, clock }: { log: Logger; clock: Clock }): Promise<Chp> {
  const now = (): number => clock.now();
  const routes = createChpRoutes({ now });
  const ticker = createTicker();
  const memory = new ReadMemory();
  const targets = createTargets({ tls: options.clientTls, headersTimeoutMs: options.proxyTimeoutMs, memory, ticker });
  const sockets = new Set<Closable>();
  const metrics = options.metrics === undefined ? undefined : createChpMetrics();

  /** Its connections are given up once no other route leads there. */
  function letGo(target: string): void {
    for (const route of routes.all()) if (route.target === target) return;
    targets.release(target);
  }

  function addRoute(path: string, target: string, data: Readonly<Record<string, unknown>>): void {
    const host = options.hostRouting && path.length > 1 ? { host: path.split('/')[1] } : {};
    const before = routes.add(path, target, { ...data, ...host });
    if (before !== undefined && before.target !== target) letGo(before.target);
    log.info({ path, target }, 'route added');
  }

  function removeRoute(path: string): boolean {
    const route = routes.remove(path);
    if (route === undefined) return false;
    letGo(route.target);
    log.info({ path: route.path, target: route.target }, 'route removed');
    return true;
  }

  if (options.defaultTarget !== undefined) addRoute('/', options.defaultTarget, {});
  const tls = await createListener({ tls: options.tls, log });
  const apiTls = await createListener({ tls: options.apiTls, log });
  const door = createPublicServer({
    options,
    routes,
    targets,
    memory,
    reads: new ClientReads(memory),
    ticker,
    sockets,
    metrics,
    now,
    log,
    errors: createErrorAnswers(options, { targets, log }),
    create: (serverOptions) => tls.create(serverOptions),
  });
  const { authToken } = options;
  const api = apiTls.create({}, createApi({ routes, addRoute, removeRoute, authToken, metrics, log }));
  const others: { server: Server; at: ChpOptions['api'] }[] = [];
  if (options.metrics !== undefined && metrics !== undefined)
    others.push({ server: metricsServer(metrics), at: options.metrics });
  if (options.redirect !== undefined) {
    const host = 'host' in options.public ? options.public.host : '';
    others.push({ server: redirectServer(options.redirect.to), at: { host, port: options.redirect.port } });
  }

  for (const { server, at } of [{ server: api, at: options.api }, ...others])
    boundPrivateServer(server, 'path' in at ? { by: 'socket', peerOf: undefined } : { by: 'loopback' }, log);

  return {
    servers: { public: door, api },
    async listen() {
      await listenAt(door, options.public);
      await listenAt(api, options.api);
      for (const { server, at } of others) await listenAt(server, at);
      writePid(options.pidFile);
      const to = options.defaultTarget ?? '(no default)';
      log.info(`Proxying ${describeListening(options.public, options.tls === undefined ? 'http' : 'https')} to ${to}`);
      log.info(`Proxy API at ${describeListening(options.api, options.apiTls === undefined ? 'http' : 'https')}`);
      if (authToken === undefined) log.warn('REST API is not authenticated: set CONFIGPROXY_AUTH_TOKEN.');
    },
    async reload() {
      await Promise.all([tls.reload(), apiTls.reload()]);
    },
    async close() {
      tls.close();
      apiTls.close();
      const servers = [door, api, ...others.map(({ server }) => server)];
      for (const server of servers) server.close();
      for (const socket of sockets) socket.close(1001, 'the proxy is going down');
      await drained(door, drainMs);
      for (const server of servers) server.closeAllConnections();
      targets.close();
      removePid(options.pidFile);
    },
  };
}

function metricsServer(metrics: ChpMetrics): Server {
  return createServer((req, res) => {
    if (req.url !== '/metrics') res.writeHead(404).end('Not Found');
    else void metrics.render().then(({ type, text }) => res.writeHead(200, { 'content-type': type }).end(text));
  });
}

/** To the same name on the port of https, which is left out where it is the usual one. */
function redirectServer(port: number): Server {
  return createRedirectServer(({ headers, url }) => {
    const name = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::[0-9]+)?$/i.exec(headers.host ?? '')?.[1];
    return name === undefined ? undefined : `https://${name}${port === 443 ? '' : `:${port}`}${url!}`;
  });
}

/** Resolves when the server has closed, or when the time is over. */
function drained(server: Server, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    server.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function writePid(file: string | undefined): void {
  if (file !== undefined) writeFileSync(file, String(process.pid));
}

function removePid(file: string | undefined): void {
  if (file === undefined) return;
  try {
    unlinkSync(file);
  } catch {
    // Somebody has tidied up already
  }
}
