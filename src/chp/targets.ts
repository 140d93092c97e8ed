import { connect as connectTcp, isIP } from 'node:net';
import type { OnReadOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createUpstreamPool } from '../proxy/upstream/pool.ts';
import type { UpstreamPool } from '../proxy/upstream/pool.ts';
import type { ReadMemory } from '../proxy/upstream/readMemory.ts';
import type { Ticker } from '../proxy/upstream/ticker.ts';
import type { Connect } from '../proxy/upstream/types.ts';
import type { ClientTls } from './options.ts';

/** One place that requests go to: kept connections, and new ones for WebSockets. */
export interface Target {
  url: URL;
  pool: UpstreamPool;
  /** A connection of its own. */
  open: Connect;
}

export interface Targets {
  /** Throws a `TypeError` for what is no URL, or of another scheme than http, https, http+unix and unix+http. */
  of(target: string): Target;
  /** Lets the connections to a target go once nothing runs on them. */
  release(target: string): void;
  close(): void;
}

/** Heads of targets may be this long, bytes: Node's own limit of 16 KiB is too small for some sign-ins. */
export const maxHeadBytes = 65_536;
export const connectTimeoutMs = 30_000;
const keptMs = 60_000;
/** Where the site sets none: as long as anybody may wait. */
export const noTimeoutMs = 2 ** 31 - 1;

export function createTargets(options: {
  tls: ClientTls;
  headersTimeoutMs: number | undefined;
  memory: ReadMemory;
  ticker: Ticker;
}): Targets {
  const open = new Map<string, Target>();
  const tls = tlsOptions(options.tls);
  const limits = {
    memory: options.memory,
    connectMs: connectTimeoutMs,
    headMs: options.headersTimeoutMs ?? noTimeoutMs,
    idleMs: keptMs,
    maxHeadBytes,
    maxConnections: Number.POSITIVE_INFINITY,
  };

  function make(text: string): Target {
    const url = targetUrl(text);
    const place = placeOf(url);
    const connect: Connect = (onread) =>
      url.protocol === 'https:' ? openTls(place, onread, tls) : openPlain(place, onread);
    return { url, pool: createUpstreamPool(connect, limits, options.ticker), open: connect };
  }

  return {
    of(text) {
      let found = open.get(text);
      if (found === undefined) open.set(text, (found = make(text)));
      return found;
    },
    release(text) {
      open.get(text)?.pool.close();
      open.delete(text);
    },
    close() {
      for (const { pool } of open.values()) pool.destroy();
      open.clear();
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

function openPlain({ path, host, port }: Place, onread: OnReadOpts | undefined): Socket {
  return connectTcp(path === undefined ? { host, port, noDelay: true, onread } : { path, onread });
}

function openTls({ host, port }: Place, onread: OnReadOpts | undefined, tls: ReturnType<typeof tlsOptions>): Socket {
  const named = isIP(host) ? {} : { servername: host };
  const options = { ...tls, host, port, onread, ALPNProtocols: ['http/1.1'], ...named };
  return connectTls(options);
}

function tlsOptions({ key, cert, ca, insecure }: ClientTls) {
  return {
    rejectUnauthorized: !insecure,
    ...(key === undefined ? {} : { key }),
    ...(cert === undefined ? {} : { cert }),
    ...(ca === undefined ? {} : { ca }),
  };
}
