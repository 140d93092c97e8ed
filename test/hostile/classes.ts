import type { Case } from './case.ts';
import { handshake } from './case.ts';
import { cookies } from './cases/cookies.ts';
import { framing } from './cases/framing.ts';
import { headers } from './cases/headers.ts';
import { hopByHop } from './cases/hopByHop.ts';
import { hosts } from './cases/hosts.ts';
import { paths } from './cases/paths.ts';
import { requestLine } from './cases/requestLine.ts';
import { upgrades } from './cases/upgrades.ts';

/** All hostile requests, by what they abuse. */
export const classes: Readonly<Record<string, readonly Case[]>> = {
  'request line': requestLine,
  paths,
  hosts,
  framing,
  headers,
  'hop-by-hop headers': hopByHop,
  cookies,
  upgrades,
};

/** Each denial again, the handshake put in behind the request line: no way past the gate by asking for a WebSocket. */
export function upgradesOf(cases: readonly Case[]): Case[] {
  return cases
    .filter(({ fate, bytes }) => fate.kind !== 'carried' && !/\nUpgrade: /.test(bytes))
    .map(({ name, ref, fate, bytes }) => ({ name, ref, fate, bytes: asUpgrade(bytes) }));
}

function asUpgrade(bytes: string): string {
  const end = bytes.search(/\r\n/);
  return end === -1 ? bytes : `${bytes.slice(0, end)}\r\n${handshake.join('\r\n')}${bytes.slice(end)}`;
}
