import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { createOpenEntries } from './openEntries.ts';

/** One-time proofs that the answer to a confirm page comes from that page: of this session, for this client. */
export interface ConfirmTickets {
  issue(sessionId: string, clientId: string): string;
  take(ticket: string, sessionId: string, clientId: string): boolean;
}

const lifetimeMs = 600_000;

export function createConfirmTickets(deps: { clock: Clock }): ConfirmTickets {
  const open = createOpenEntries<{ sessionId: string; clientId: string }>({ clock: deps.clock, lifetimeMs });
  return {
    issue(sessionId, clientId) {
      const ticket = randomBytes(24).toString('base64url');
      open.add(ticket, sessionId, { sessionId, clientId });
      return ticket;
    },
    take(ticket, sessionId, clientId) {
      const entry = open.get(ticket);
      if (entry?.sessionId !== sessionId || entry.clientId !== clientId) return false;
      open.delete(ticket);
      return true;
    },
  };
}
