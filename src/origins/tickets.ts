import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** A sign-in on its way from the gateway's origin to a user's. */
export interface Passage {
  label: string;
  /** Hash of what the browser holds at the other end: only that browser can use the ticket. */
  proof: string;
  /** `name=value` of the cookie that signs the visitor in. */
  cookie: string;
  sessionId: string;
  /** ms since 1970. */
  expiresAt: number;
  /** Path and query to go on to. */
  next: string;
}

export interface Tickets {
  issue(passage: Passage): string;
  /** Works once. */
  take(ticket: string): Passage | undefined;
}

/** Between two redirects of one browser, ms. */
const lifetimeMs = 30_000;
const mostAtOnce = 10_000;

/** In memory alone: a restart in between only sends the browser round once more. */
export function createTickets({ clock }: { clock: Clock }): Tickets {
  const open = new Map<string, { passage: Passage; until: number }>();
  return {
    issue(passage) {
      for (const [hash, { until }] of open)
        if (until < clock.now() || open.size >= mostAtOnce) open.delete(hash);
        else break;
      const ticket = randomBytes(32).toString('base64url');
      open.set(hashOf(ticket), { passage, until: clock.now() + lifetimeMs });
      return ticket;
    },
    take(ticket) {
      const hash = hashOf(ticket);
      const found = open.get(hash);
      open.delete(hash);
      return found === undefined || found.until < clock.now() ? undefined : found.passage;
    },
  };
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
