import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors.ts';
import type { CanonicalRequest } from './canonical.ts';
import { expireCookies } from './expireCookies.ts';
import type { Refusal } from './refusals.ts';

/**
 * Heads up to this size are read, bytes, whatever is taken, so that a visitor whose cookies have grown too many is told,
 * and rid of them. Beyond, Node's parser gives up, and nobody knows what the cookies were called.
 */
export const readableHeadBytes = 65_536;

/** What may be left is a quarter: many a server refuses heads of 16 KiB, and nginx a line of 8. */
const leftShare = 4;

export interface LargeHeadOptions {
  /** Largest head that is taken, bytes. */
  maxBytes: number;
  /** Whether a cookie of that name is one that signs the visitor in: the gateway's own, or the site's. */
  isOwnCookie: (name: string) => boolean;
}

/** The refusal of a request whose head is too large; undefined for one that is not. */
export type LargeHead = (req: Pick<IncomingMessage, 'rawHeaders'>, request: CanonicalRequest) => Refusal | undefined;

/**
 * Any script of a server may set cookies for all of the site, and so many that every request is refused: a way to lock
 * its visitors out. So the refusal takes cookies away again: the largest first, and no more than needed, as the site may
 * have others of its own. Ours only where the others are not to blame: a script can name its cookies like ours, and to
 * sign in again is better than to be locked out.
 */
export function createLargeHead({ maxBytes, isOwnCookie }: LargeHeadOptions): LargeHead {
  return ({ rawHeaders }, request) => {
    const bytes = headBytes(rawHeaders, request);
    if (bytes <= maxBytes) return undefined;
    const { cookie = '', host, path } = request;
    // Without them all, it would still be too large: they are not what it is about
    const mustBytes = cookie.length > bytes - maxBytes ? bytes - maxBytes : 0;
    const leastBytes = mustBytes === 0 ? 0 : bytes - maxBytes / leftShare;
    const expire = expireCookies({ cookie, host, path, isOwnCookie, leastBytes, mustBytes });
    const error = new GatewayError(expire.length === 0 ? 'request.head' : 'request.cookies');
    return { kind: 'refuse', error, reason: `a head of ${bytes} bytes`, expire };
  };
}

/** As it came, nearly: blanks around values are not counted. */
function headBytes(rawHeaders: readonly string[], { path, query }: CanonicalRequest): number {
  let bytes = path.length + query.length + 16;
  for (const text of rawHeaders) bytes += text.length + 2;
  return bytes;
}
