import { medianOf, ratiosTo, spreadOf } from './report.ts';
import type { Measured } from './report.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const ruler = (count: number): string => row(['---', ...Array.from({ length: count }, () => '---:')]);

/** All figures, in Markdown: medians of the rounds, and the spread of p99. */
export function figuresTable(measured: Measured): string {
  const peers = Object.entries(measured.peers);
  const figures = [...new Set(peers.flatMap(([, { values }]) => Object.keys(values)))];
  const cell = (peer: string, figure: string): string => {
    const middle = medianOf(measured, peer, figure);
    if (middle === undefined) return '';
    return figure.endsWith('p99Ms') ? `${middle} (${spreadOf(measured, peer, figure)})` : String(middle);
  };
  return [
    row(['', ...peers.map(([name, { checks }]) => (checks ? name : `${name} (checks nobody)`))]),
    ruler(peers.length),
    ...figures.map((figure) => row([figure, ...peers.map(([name]) => cell(name, figure))])),
  ].join('\n');
}

const columns: [string, string][] = [
  ['cpu', '64 connections'],
  ['cpuOneConnection', '1 connection'],
  ['cpu1MiB', '1 MiB'],
  ['cpuWebSocketMessage', 'WebSocket message'],
  ['cpuWebSocketHandshake', 'handshake'],
  ['memory', 'memory'],
  ['memoryIdleWebSocket', 'memory by idle WebSocket'],
];

/** Ours over theirs, in Markdown. */
export function ratiosTable(measured: Measured): string {
  const peers = Object.keys(measured.peers).slice(1);
  const lines = peers.map((peer) => {
    const ratios = ratiosTo(measured, peer);
    return row([peer, ...columns.map(([key]) => ratios[key]?.toFixed(2) ?? '')]);
  });
  return [row(['CPU, ours over theirs', ...columns.map(([, title]) => title)]), ruler(columns.length), ...lines].join(
    '\n',
  );
}
