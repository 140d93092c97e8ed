/**
 * Words of the access room. Pure data: this room imports nothing that does I/O, since the edge runs it too.
 *
 * account: a person known to the site, with one operating-system user.
 * target: what is asked for. level: what the asker may do there. share: a grant on a server.
 */

export interface Account {
  /** Canonical operating-system user name; with `uid` the key. */
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
  displayName: string;
  /** Group names with their origin as prefix: `system:wxteam`, `claim:ops`, `local:reviewers`. */
  groups: readonly string[];
  admin: boolean;
  /** Has no operating-system user: may visit what is shared with them, and can own no server. */
  visitor?: boolean;
}

/** Who is asking, as far as it has been proved. */
export interface Identity {
  account: Account;
  /** Id of the session (or of the Hub token) that the request bears. Never a secret. */
  sessionId: string;
  /** Who vouches: an issuer URL, or `hub` for a Hub token. */
  issuer: string;
  /** When the proof ends, ms since 1970. */
  expiresAt: number;
  via: 'cookie' | 'header' | 'hub-token' | 'edge';
  /** Hub scopes of a token; undefined means all that the account may. */
  scopes?: readonly string[];
}

export type Target = { kind: 'server'; owner: string; name: string } | { kind: 'service'; name: string };

export interface Share {
  id: string;
  owner: string;
  /** Server name; the default server's is empty. */
  server: string;
  grantee: { kind: 'user' | 'group'; name: string };
  level: 'read' | 'control';
  /** ISO time, or null for no end. */
  expiresAt: string | null;
  note: string;
  createdAt: string;
  /** May the grantee start the server too? */
  mayStart?: boolean | undefined;
}

export type Level = 'owner' | 'admin' | 'control' | 'read';

/** Every decision carries its reason: it is logged, audited and (in general words) shown. */
export type AccessDecision = { allowed: true; level: Level; reason: string } | { allowed: false; reason: string };
