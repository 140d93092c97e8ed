import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';

/** One-time proofs that the answer to a confirm page comes from that page: of this session, for this client. */
export interface ConfirmTickets {
  issue(sessionId: string, clientId: string): string;
  take(ticket: string, sessionId: string, clientId: string): boolean;
}

const lifetimeMs = 600_000;

export function createConfirmTickets(deps: { clock: Clock }): ConfirmTickets {
  const open = new Map<string, { sessionId: string; clientId: string; expiresAt: number }>();
  return {
    issue(sessionId, clientId) {
      const now = deps.clock.now();
      for (const [ticket, entry] of open) if (entry.expiresAt <= now) open.delete(ticket);
      const ticket = randomBytes(24).toString('base64url');
      open.set(ticket, { sessionId, clientId, expiresAt: now + lifetimeMs });
      return ticket;
    },
    take(ticket, sessionId, clientId) {
      const entry = open.get(ticket);
      if (entry === undefined || entry.sessionId !== sessionId || entry.clientId !== clientId) return false;
      open.delete(ticket);
      return entry.expiresAt > deps.clock.now();
    },
  };
}
