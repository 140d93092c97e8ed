import { randomBytes } from 'node:crypto';
import type { Identity } from '../../access/types.ts';
import type { Clock } from '../../clock.ts';
import { hashToken } from '../tokens/tokenText.ts';
import { createOpenEntries } from './openEntries.ts';

/** What an authorization code stands for (RFC 6749, 4.1; RFC 7636). */
export interface Grant {
  clientId: string;
  redirectUri: string;
  /** base64url(SHA-256(verifier)), or undefined where the client sent none. */
  challenge: string | undefined;
  identity: Identity;
  scopes: readonly string[];
}

export interface Codes {
  issue(grant: Grant): string;
  /** Works once. A second use tells which token the first one made, so that it can be revoked (RFC 6749, 4.1.2). */
  take(code: string): { grant: Grant } | { replayed: true; tokenId: string | undefined } | undefined;
  /** Remembers the token that a taken code made. */
  made(code: string, tokenId: string): void;
  /** Codes of a session that has ended die with it. */
  forgetSession(sessionId: string): void;
}

/** JupyterHub's value. */
export const codeLifetimeMs = 300_000;

interface Entry {
  grant: Grant;
  used: boolean;
  tokenId?: string;
}

/** Codes live in memory alone: a restart in these few seconds only asks the browser to begin the sign-in anew. */
export function createCodes(deps: { clock: Clock }): Codes {
  const open = createOpenEntries<Entry>({ clock: deps.clock, lifetimeMs: codeLifetimeMs });
  return {
    issue(grant) {
      const code = randomBytes(24).toString('base64url');
      open.add(hashToken(code), grant.identity.sessionId, { grant, used: false });
      return code;
    },
    take(code) {
      const entry = open.get(hashToken(code));
      if (entry === undefined) return undefined;
      if (entry.used) return { replayed: true, tokenId: entry.tokenId };
      entry.used = true;
      return { grant: entry.grant };
    },
    made(code, tokenId) {
      const entry = open.get(hashToken(code));
      if (entry !== undefined) entry.tokenId = tokenId;
    },
    forgetSession: (sessionId) => open.forgetSession(sessionId),
  };
}
