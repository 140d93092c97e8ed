import type { HttpFigures } from './load.ts';
import type { Peer } from './peer.ts';
import type { SocketFigures } from './socketLoad.ts';

type Figures = Record<string, number[]>;

export interface Report {
  http(peer: Peer, scenario: string, figures: HttpFigures): void;
  memory(peer: Peer, kib: number): void;
  sockets(peer: Peer, figures: SocketFigures): void;
  /** Markdown. */
  table(): string;
  /** Ratios of ours over theirs; `figures` has the medians. */
  json(): object;
}

/** Collects all rounds; medians and ratios come out. */
export function createReport({ machine }: { machine: string }): Report {
  const all = new Map<Peer, Figures>();
  const add = (peer: Peer, key: string, value: number): void => {
    let figures = all.get(peer);
    if (figures === undefined) all.set(peer, (figures = {}));
    (figures[key] ??= []).push(value);
  };
  const medians = (peer: Peer): Record<string, number> =>
    Object.fromEntries(Object.entries(all.get(peer) ?? {}).map(([key, values]) => [key, rounded(median(values))]));

  return {
    http(peer, scenario, figures) {
      for (const [key, value] of Object.entries(figures)) add(peer, `${scenario}: ${key}`, value as number);
    },
    memory: (peer, kib) => add(peer, 'memory MiB', kib / 1024),
    sockets(peer, figures) {
      for (const [key, value] of Object.entries(figures)) add(peer, `WebSocket: ${key}`, value as number);
    },
    table() {
      const names = [...all.keys()];
      const keys = [...new Set(names.flatMap((peer) => Object.keys(all.get(peer)!)))];
      const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
      return [
        `${machine}. Median of the rounds; each proxy on one core, load and upstream on the other.`,
        '',
        row(['', ...names.map(({ name, checks }) => (checks ? name : `${name} (checks nobody)`))]),
        row(['---', ...names.map(() => '---:')]),
        ...keys.map((key) => row([key, ...names.map((peer) => String(medians(peer)[key] ?? ''))])),
        '',
      ].join('\n');
    },
    json() {
      const [ours, ...others] = all.keys();
      const mine = medians(ours!);
      const ratios = others.map((peer) => [shortName(peer), ratiosOf(mine, medians(peer))] as const);
      return {
        ratios: Object.fromEntries(ratios),
        figures: Object.fromEntries([...all.keys()].map((peer) => [shortName(peer), medians(peer)])),
        machine,
      };
    },
  };
}

const shortNames: Record<string, string> = {
  'configurable-http-proxy': 'chp',
  'nginx + oauth2-proxy': 'nginx-oauth2-proxy',
  'HAProxy jwt_verify': 'haproxy-jwt',
};

function shortName({ name }: Peer): string {
  return shortNames[name] ?? name.toLowerCase();
}

const main = '1 KiB, 64 connections';

function ratiosOf(mine: Record<string, number>, theirs: Record<string, number>): object {
  const over = (key: string): number | undefined =>
    mine[key] === undefined || theirs[key] === undefined ? undefined : rounded(mine[key] / theirs[key]);
  return {
    cpu: over(`${main}: cpuUs`),
    p50: over(`${main}: p50Ms`),
    p99: over(`${main}: p99Ms`),
    requestsPerS: over(`${main}: requestsPerS`),
    memory: over('memory MiB'),
    cpuOneConnection: over('1 KiB, 1 connection: cpuUs'),
    cpu1MiB: over('1 MiB, 8 connections: cpuUs'),
    cpuWebSocketMessage: over('WebSocket: cpuUsPerMessage'),
    memoryIdleWebSocket: over('WebSocket: kibPerIdle'),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
