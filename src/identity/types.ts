import type { Account, Identity } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';

/** What a verified token says; `claims` has all of it, for the claim → account rules. */
export interface VerifiedToken {
  issuer: string;
  subject: string;
  /** `sid` or `jti` claim, or a hash of the token where it has neither. */
  sessionId: string;
  /** ms since 1970. */
  expiresAt: number;
  claims: Record<string, unknown>;
}

/** Refusals are data, not exceptions: the reason is for the log, the error for the client. */
export type Verified<T> = { ok: true; value: T } | { ok: false; error: GatewayError; reason: string };

/** Who is asking? Synchronous where the answer is cached. */
export interface Identify {
  (credentials: {
    cookie: string | undefined;
    authorization: string | undefined;
  }): Verified<Identity> | Promise<Verified<Identity>>;
}

/** Finds a person of the operating system; undefined if there is none or it may not be used. */
export interface AccountDirectory {
  find(name: string): Promise<Account | undefined>;
}

/** Resolves a Hub token (`Authorization: token …` or `Bearer …`): from memory, at once. */
export interface HubTokenResolver {
  (token: string): Identity | undefined;
}
