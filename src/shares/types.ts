import type { Share } from '../access/types.ts';
import type { ServerKey } from '../servers/types.ts';

/** What somebody asks to share. One server is shared with one person or group once: asking again changes that share. */
export interface ShareRequest {
  owner: string;
  server: string;
  /** A group may be named with its origin (`system:wx`, `local:ops`, `claim:ops`) or without. */
  grantee: { kind: 'user' | 'group'; name: string };
  level: 'read' | 'control';
  /** ISO time, or null for no end. */
  expiresAt: string | null;
  note: string;
  mayStart?: boolean;
}

/** The one way to the shares: pages and the Hub API go through it. */
export interface Shares {
  /** Those that have not ended, oldest first. */
  list(match?: (share: Share) => boolean): Share[];
  /** Resolves when it is on disk; throws `request.invalid` with `fields`, or `share.limit`. */
  grant(request: ShareRequest, by: string): Promise<Share>;
  /** Resolves with how many there were, when that is on disk. */
  revoke(match: (share: Share) => boolean, by: string): Promise<number>;
  /** Whether this server still goes by an older level of a visitor until it is started anew. */
  needsRestart(key: ServerKey): boolean;
}

/** What a share code gives to whoever has it. */
export interface ShareCode {
  key: ServerKey;
  level: Share['level'];
  mayStart: boolean;
  /** In JupyterHub's words. */
  scopes: readonly string[];
}

export interface ShareCodes {
  /** Undefined for a code that is unknown, revoked or has ended. */
  find(code: string): ShareCode | undefined;
  /** Makes the share; undefined as above. */
  exchange(code: string, visitor: string): Promise<Share | undefined>;
}

/** A share link of one's own server, as its owner sees it: without the code, which nobody has but those it was given to. */
export interface ShareLink {
  id: string;
  level: Share['level'];
  mayStart: boolean;
  createdAt: string;
  /** ISO time. */
  expiresAt: string | null;
  /** How often somebody has accepted it. */
  uses: number;
}

/** Making and ending share links, for the owner's page. */
export interface ShareLinks {
  /** Those that have not ended, oldest first. */
  list(key: ServerKey): ShareLink[];
  /** The code itself is returned here and never again. */
  make(wish: { key: ServerKey; level: Share['level']; mayStart: boolean; lifetimeS: number }): Promise<string>;
  /** False where this server has no such link. What was accepted by it stays. */
  revoke(key: ServerKey, id: string): Promise<boolean>;
}
