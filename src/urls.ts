import type { ServerKey } from './servers/types.ts';
import { labelOf } from './userLabels.ts';

/** The gateway's URL space, which is JupyterHub's: `/hub/…`, `/user/<name>/<server>/…`, `/services/<name>/…`. */
export interface Urls {
  /** `https://site.example`, no path. */
  origin: string;
  /** Base path with a slash at both ends: `/` or `/gw/`. */
  base: string;
  /** Whether browsers reach us by https: cookies are then `Secure` and carry the `__Host-` prefix. */
  secure: boolean;
  /** Path of a page or API of ours: `hub('home')` is `/hub/home`. */
  hub(path: string): string;
  /** Path prefix of a server, with a slash at both ends. */
  prefix(key: ServerKey): string;
  /** Origin of an account's servers, where that is not the gateway's own. */
  userOrigin(owner: string): string | undefined;
  /** All such origins, as a source of a Content-Security-Policy. */
  userOrigins: string | undefined;
}

/**
 * From the configured public URL; throws nothing that the configuration's schema has let pass. With a `userDomain` each
 * account's servers are at `<name>.<userDomain>`.
 */
export function createUrls(publicUrl: string, userDomain?: string): Urls {
  const url = new URL(publicUrl);
  const port = url.port === '' ? '' : `:${url.port}`;
  const below = (label: string): string | undefined =>
    userDomain === undefined ? undefined : `${url.protocol}//${label}.${userDomain}${port}`;
  const base = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
  return {
    origin: url.origin,
    base,
    secure: url.protocol === 'https:',
    hub: (path) => `${base}hub/${path}`,
    userOrigin: (owner) => below(labelOf(owner)),
    userOrigins: below('*'),
    prefix: (key) =>
      `${base}user/${encodeURIComponent(key.owner)}/${key.name === '' ? '' : `${encodeURIComponent(key.name)}/`}`,
  };
}

/** For logs: a query or fragment may hold a link that signs in, or a code. */
export function withoutQuery(address: string): string {
  return address.split(/[?#]/, 1)[0] ?? '';
}
