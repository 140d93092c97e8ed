import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/**
 * One-time sign-in links of the first run: whoever can read the terminal may sign in, and there is no password that
 * somebody could forget to change. Only hashes are kept, in memory: they die with the program.
 */
export interface SignInLinks {
  /** A new secret for the account; links made for it before stay good until they are used or expire. */
  issue(account: string): string;
  /** Whose link it is, without using it up: link previews and prefetching only look. */
  peek(secret: string): string | undefined;
  /** As `peek`, and the link is used up. */
  take(secret: string): string | undefined;
}

interface Link {
  hash: Buffer;
  account: string;
  untilMs: number;
}

const maxLinks = 200;

export function createSignInLinks(options: { clock: Clock; lifetimeMs: number }): SignInLinks {
  const { clock, lifetimeMs } = options;
  let links: Link[] = [];

  /** All are compared, in constant time, so that the time taken tells nothing. */
  function find(secret: string): Link | undefined {
    const hash = sha256(secret);
    let found: Link | undefined;
    for (const link of links) if (timingSafeEqual(link.hash, hash) && link.untilMs > clock.now()) found = link;
    return found;
  }

  return {
    issue(account) {
      const secret = randomBytes(24).toString('base64url');
      const alive = links.filter((link) => link.untilMs > clock.now()).slice(1 - maxLinks);
      links = [...alive, { hash: sha256(secret), account, untilMs: clock.now() + lifetimeMs }];
      return secret;
    },
    peek: (secret) => find(secret)?.account,
    take(secret) {
      const link = find(secret);
      if (link !== undefined) links = links.filter((each) => each !== link);
      return link?.account;
    },
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
