import { cookie } from '../helpers/hopWorld.ts';

/**
 * What must come of a hostile request.
 *
 * - `refused`: 400 (or the status given), connection closed, nothing upstream;
 * - `denied`: the status given, nothing upstream;
 * - `ours`: one of the gateway's own pages answers, nothing upstream;
 * - `carried`: the upstream gets exactly these lines, in this order, and then what we vouch for;
 * - `broken`: the fault shows in the body, when the head has gone upstream: broken off, and never complete there.
 */
export type Fate =
  | { kind: 'refused'; status?: number }
  | { kind: 'denied'; status: number }
  | { kind: 'ours' }
  | { kind: 'carried'; lines: readonly string[]; body?: string }
  | { kind: 'broken' };

export interface Case {
  name: string;
  /** Where it was seen or what forbids it. */
  ref: string;
  /** As latin1. */
  bytes: string;
  fate: Fate;
}

export const refused: Fate = { kind: 'refused' };

export const signedIn = ['Host: h', `Cookie: ${cookie}`];
export const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** A request of these lines, the empty line and a body. */
export function bytesOf(first: string, headers: readonly string[], body = ''): string {
  return `${[first, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

/** A GET of alice's server with these headers beside the usual ones. */
export function get(headers: readonly string[], path = '/user/alice/x'): string {
  return bytesOf(`GET ${path} HTTP/1.1`, [...signedIn, ...headers]);
}

export function post(headers: readonly string[], body: string): string {
  return bytesOf('POST /user/alice/x HTTP/1.1', [...signedIn, ...headers], body);
}

/** The same target asked for by GET and by a WebSocket handshake. */
export function bothWays(name: string, ref: string, headers: readonly string[], path: string, fate: Fate): Case[] {
  const first = `GET ${path} HTTP/1.1`;
  return [
    { name, ref, fate, bytes: bytesOf(first, headers) },
    { name: `${name}, as an upgrade`, ref, fate, bytes: bytesOf(first, [...headers, ...handshake]) },
  ];
}

/** Text for a title: everything that is not printable as an escape. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
