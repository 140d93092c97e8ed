import type { ServerKey } from '../servers/types.ts';
import type { Urls } from '../urls.ts';

/** Path of a page about one server: `/hub/spawn/alice`, `/hub/spawn/alice/nowcast`. */
export function serverPage(urls: Urls, page: string, key: ServerKey): string {
  const name = key.name === '' ? '' : `/${encodeURIComponent(key.name)}`;
  return urls.hub(`${page}/${encodeURIComponent(key.owner)}${name}`);
}

/** The same with `?next=`, the address to go on to when the server is ready. */
export function withNext(path: string, next: string | undefined): string {
  return next === undefined ? path : `${path}?next=${encodeURIComponent(next)}`;
}

/**
 * The path of an address to return to, where it lies on this gateway under `within`; undefined for anything else,
 * judged as a browser would (URL parser), so that no link of ours leads to another site.
 */
export function safeNext(urls: Urls, next: string | undefined, within: string = urls.base): string | undefined {
  if (next === undefined || next === '' || next.length > 2000 || !next.startsWith('/')) return undefined;
  if (!URL.canParse(next, urls.origin)) return undefined;
  const url = new URL(next, urls.origin);
  if (url.origin !== urls.origin || !url.pathname.startsWith(within) || url.pathname.startsWith('//')) return undefined;
  return url.pathname + url.search + url.hash;
}

/** What a server is called on the pages: `alice` has a default server, and perhaps `alice / nowcast`. */
export function serverTitle(key: ServerKey, me?: string): string {
  const whose = key.owner === me ? 'Your' : `${key.owner}'s`;
  return key.name === '' ? `${whose} Cylc server` : `${whose} Cylc server “${key.name}”`;
}
