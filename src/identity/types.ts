import type { Account, Identity } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';

/** What a verified token says; `claims` has all of it, for the claim → account rules. */
export interface VerifiedToken {
  issuer: string;
  subject: string;
  /**
   * The same for all tokens of one sign-in: for our own tokens the session's id, for others a hash of issuer and session
   * claim, or of issuer and subject where the issuer names no session.
   */
  sessionId: string;
  /** Whether the token itself named the session. */
  sessionNamed: boolean;
  /** `iat`, ms since 1970. */
  issuedAt?: number;
  /** ms since 1970. */
  expiresAt: number;
  claims: Record<string, unknown>;
}

/** Refusals are data, not exceptions: the reason is for the log, the error for the client. */
export type Verified<T> = { ok: true; value: T } | { ok: false; error: GatewayError; reason: string };

/** What a request brings along to prove who sends it. */
export interface Credentials {
  cookie: string | undefined;
  authorization: string | undefined;
  /** Value of a header by its lower-case name: a site's own proxy may send a token in one of its choice. */
  header?: ((name: string) => string | undefined) | undefined;
  /** For the list of sessions. */
  userAgent?: string | undefined;
  /** Nothing is to be verified: only who is known already is let in, and that is told at once. */
  onlyKnown?: boolean | undefined;
}

/** Who is asking? Synchronous where the answer is cached. */
export interface Identify {
  (credentials: Credentials): Verified<Identity> | Promise<Verified<Identity>>;
}

/** Finds a person of the operating system; undefined if there is none or it may not be used. */
export interface AccountDirectory {
  find(name: string): Promise<Account | undefined>;
}

/** Resolves a Hub token (`Authorization: token …` or `Bearer …`): from memory, at once. Undefined where it is none. */
export interface HubTokenResolver {
  (token: string): Verified<Identity> | undefined;
}
