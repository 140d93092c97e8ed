import { requestHeaderKind, responseHeaderKind } from './headerKinds.ts';

/**
 * Fields that frame, route, authenticate or steer are never taken from a trailer section (RFC 9110, 6.5.1), nor any
 * that the same rules would not let pass in a head.
 */
const neverTrailing = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'cache-control',
  'expires',
  'location',
  'retry-after',
  'vary',
  'origin',
  'referer',
  'range',
  'max-forwards',
  'www-authenticate',
  'set-cookie2',
]);

/** Trailer fields of a client as they are written to the upstream; empty for none. */
export function requestTrailers(raw: readonly string[]): string {
  let text = '';
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    const lower = name.toLowerCase();
    if (requestHeaderKind(name) !== 'pass' || isBarred(lower) || !isPlain(value)) continue;
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** Trailer fields of an upstream, as pairs for the client. */
export function responseTrailers(raw: readonly string[]): [string, string][] {
  const kept: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2)
    if (responseHeaderKind(raw[i]!) === 'pass' && !isBarred(raw[i]!.toLowerCase())) kept.push([raw[i]!, raw[i + 1]!]);
  return kept;
}

/** The announcement of trailers in the head of a chunked answer: a hop-by-hop header, so ours to pass on. */
export function pushTrailerNames(headers: string[], raw: readonly string[]): void {
  for (let i = 0; i < raw.length; i += 2)
    if (raw[i]!.length === 7 && raw[i]!.toLowerCase() === 'trailer') headers.push('Trailer', raw[i + 1]!);
}

function isBarred(lower: string): boolean {
  return neverTrailing.has(lower) || lower.startsWith('sec-') || lower.startsWith('access-control-');
}

function isPlain(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
