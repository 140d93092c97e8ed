import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { buildConnector, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { ClientTls } from './options.ts';

/** One place that requests go to: kept connections, and new ones for WebSockets. */
export interface Target {
  url: URL;
  pool: Pool;
  /** As the pool's, whatever name the request's Host header has. */
  dispatch: Dispatcher['dispatch'];
  /** A connection of its own. */
  open(): Socket;
}

export interface Targets {
  /** Throws a `TypeError` for what is no URL, or of another scheme than http, https, http+unix and unix+http. */
  of(target: string): Target;
  /** Lets the connections to a target go once nothing runs on them. */
  release(target: string): void;
  close(): Promise<void>;
}

/** Heads of targets may be this long, bytes: Node's own limit of 16 KiB is too small for some sign-ins. */
export const maxHeadBytes = 65_536;

export function createTargets(options: { tls: ClientTls; headersTimeoutMs: number | undefined }): Targets {
  const open = new Map<string, Target>();
  const tls = tlsOptions(options.tls);

  function make(text: string): Target {
    const url = targetUrl(text);
    const place = placeOf(url);
    const secure = url.protocol === 'https:';
    const connect = buildConnector({
      timeout: 30_000,
      allowH2: false,
      ...(place.path === undefined ? {} : { socketPath: place.path }),
      ...(secure ? tls : {}),
    });
    const pool = new Pool(place.path === undefined ? url.origin : 'http://localhost', {
      connections: null,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 60_000,
      headersTimeout: options.headersTimeoutMs ?? 0,
      bodyTimeout: 0,
      maxHeaderSize: maxHeadBytes,
      // undici takes the name to verify from the Host header, which is the browser's; the certificate is the target's
      connect: (to, done) => connect({ ...to, servername: '' }, done),
    });
    return {
      url,
      pool,
      dispatch: secure
        ? (request, handler) => pool.dispatch(withServername(request, url.hostname), handler)
        : (request, handler) => pool.dispatch(request, handler),
      open: () => (secure ? openTls(place, tls) : openPlain(place)),
    };
  }

  return {
    of(text) {
      let found = open.get(text);
      if (found === undefined) open.set(text, (found = make(text)));
      return found;
    },
    release(text) {
      void open.get(text)?.pool.close();
      open.delete(text);
    },
    async close() {
      const all = [...open.values()];
      open.clear();
      await Promise.all(all.map(({ pool }) => pool.destroy()));
    },
  };
}

/** Throws a `TypeError` with a reason. */
export function targetUrl(text: string): URL {
  const url = new URL(text);
  if (!/^(?:https?|http\+unix|unix\+http):$/.test(url.protocol)) throw new TypeError(`no target: ${url.protocol}`);
  if (url.host === '') throw new TypeError('a target needs a host');
  if (url.pathname === '') url.pathname = '/';
  return url;
}

interface Place {
  /** Of a unix socket; then host and port mean nothing. */
  path: string | undefined;
  host: string;
  port: number;
}

function placeOf(url: URL): Place {
  const path = url.protocol.includes('unix') ? decodeURIComponent(url.host) : undefined;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { path, host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

function openPlain({ path, host, port }: Place): Socket {
  return path === undefined ? connectTcp(port, host) : connectTcp(path);
}

function openTls({ host, port }: Place, tls: ReturnType<typeof tlsOptions>): Socket {
  return connectTls({ ...tls, host, port, ALPNProtocols: ['http/1.1'], ...(isIP(host) ? {} : { servername: host }) });
}

function tlsOptions({ key, cert, ca, insecure }: ClientTls) {
  return {
    rejectUnauthorized: !insecure,
    ...(key === undefined ? {} : { key }),
    ...(cert === undefined ? {} : { cert }),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** Told of a constant name, undici does not open the connection anew for every other Host header. */
function withServername<T extends object>(request: T, servername: string): T {
  return { ...request, servername };
}
