import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Peer } from './peer.ts';

/** What was measured: every round's value of each figure. A file of it is what the tables of the documentation are made from. */
export interface Measured {
  machine: string;
  /** When, by figure: parts of a run may be measured at different times. */
  dates: Record<string, string>;
  peers: Record<string, { checks: boolean; values: Record<string, number[]> }>;
}

export function newMeasured(machine: string): Measured {
  return { machine, dates: {}, peers: {} };
}

export function note(measured: Measured, peer: Peer, about: string, figures: object): void {
  const { values } = (measured.peers[peer.name] ??= { checks: peer.checks, values: {} });
  for (const [name, value] of Object.entries(figures) as [string, number][])
    (values[`${about}: ${name}`] ??= []).push(rounded(value));
  measured.dates[about] = new Date().toISOString().slice(0, 10);
}

/** Puts what was measured now in the place of the same figures of the file; the rest of the file stays. */
export function store(file: string, measured: Measured): void {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Measured) : newMeasured('');
  const peers = { ...before.peers };
  for (const [name, { checks, values }] of Object.entries(measured.peers))
    peers[name] = { checks, values: { ...peers[name]?.values, ...values } };
  const dates = { ...before.dates, ...measured.dates };
  writeFileSync(file, `${JSON.stringify({ machine: measured.machine, dates, peers }, undefined, 1)}\n`);
}

/** One figure of one peer; undefined where it was not measured. */
export function medianOf(measured: Measured, peer: string, figure: string): number | undefined {
  const values = measured.peers[peer]?.values[figure];
  return values === undefined ? undefined : rounded(median(values));
}

const ours = 'cylc-gateway';
const keys: Record<string, string> = {
  'configurable-http-proxy': 'chp',
  'nginx + oauth2-proxy': 'nginx-oauth2-proxy',
  'HAProxy jwt_verify': 'haproxy-jwt',
  "Hono's helpers": 'hono',
  'cylc-gateway proxy': 'proxy',
};
const keyOf = (name: string): string => keys[name] ?? name.toLowerCase();

const small = '1 KiB, 64 connections';
const ratioFigures: Record<string, string> = {
  cpu: `${small}: cpuUs`,
  p50: `${small}: p50Ms`,
  p99: `${small}: p99Ms`,
  requestsPerS: `${small}: requestsPerS`,
  memory: `${small}: memoryMiB`,
  cpuOneConnection: '1 KiB, 1 connection: cpuUs',
  cpu1MiB: '1 MiB, 8 connections: cpuUs',
  cpuWebSocketMessage: 'WebSocket messages: cpuUs',
  cpuWebSocketHandshake: 'WebSocket handshakes: cpuUs',
  memoryIdleWebSocket: 'idle WebSockets: KiB each',
};

/** The last line of `--json`: ratios of ours over theirs, medians, machine. */
export function resultOf(measured: Measured): object {
  const names = Object.keys(measured.peers);
  const others = names.filter((name) => name !== ours);
  const figuresOf = (peer: string): object =>
    Object.fromEntries(
      Object.keys(measured.peers[peer]!.values).map((figure) => [figure, medianOf(measured, peer, figure)]),
    );
  return {
    ratios: Object.fromEntries(others.map((peer) => [keyOf(peer), ratiosTo(measured, peer)])),
    figures: Object.fromEntries(names.map((peer) => [keyOf(peer), figuresOf(peer)])),
    machine: measured.machine,
  };
}

export function ratiosTo(measured: Measured, peer: string): Record<string, number | undefined> {
  const over = (mine: string, theirs = mine): number | undefined => {
    const [a, b] = [medianOf(measured, ours, mine), medianOf(measured, peer, theirs)];
    return a === undefined || b === undefined ? undefined : rounded(a / b);
  };
  const ratios = Object.entries(ratioFigures).map(([key, figure]) => [key, over(figure)] as const);
  return { ...Object.fromEntries(ratios), p99OverTheirP50: over(`${small}: p99Ms`, `${small}: p50Ms`) };
}

/** Lowest and highest of the rounds. */
export function spreadOf(measured: Measured, peer: string, figure: string): string {
  const values = measured.peers[peer]?.values[figure] ?? [];
  return values.length === 0 ? '' : `${Math.min(...values)}-${Math.max(...values)}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
