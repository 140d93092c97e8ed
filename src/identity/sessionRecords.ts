import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { SessionRecord } from '../store/schema.ts';
import type { DeepReadonly } from '../store/types.ts';
import type { Keyring } from './keyring.ts';
import { sessionAudience, sessionTokenType } from './sessionToken.ts';

export type LiveSession = DeepReadonly<SessionRecord>;

export interface SessionView {
  id: string;
  account: string;
  issuer: string;
  userAgent: string;
  /** `external`: by a token of the site's single sign-on. */
  kind: 'own' | 'external';
  /** ISO 8601. */
  createdAt: string;
  expiresAt: string;
}

/** Who has just proved who they are, and how. */
export interface NewSession {
  account: string;
  uid: number;
  issuer: string;
  userAgent: string;
  groups?: readonly string[];
  provider?: { subject: string; sid: string | null };
  /** What is needed to renew it, or to end it at the provider; encrypted. */
  kept?: string;
}

export function newRecord(who: NewSession, nowMs: number, lifetimeMs: number): SessionRecord {
  return {
    id: randomBytes(16).toString('base64url'),
    account: who.account,
    issuer: who.issuer,
    userAgent: who.userAgent.slice(0, 300),
    createdAt: isoOf(nowMs),
    expiresAt: isoOf(nowMs + lifetimeMs),
    revokedAt: null,
    kind: 'own',
    uid: who.uid,
    ...(who.groups === undefined || who.groups.length === 0 ? {} : { groups: [...who.groups] }),
    ...(who.provider === undefined ? {} : { provider: who.provider }),
    ...(who.kept === undefined ? {} : { kept: who.kept }),
  };
}

/** The token of a session: as long-lived as the session is now. */
export function signSession(
  record: LiveSession,
  by: { keyring: Keyring; issuer: string; nowMs: number },
): Promise<string> {
  const { kid, key } = by.keyring.current();
  return new SignJWT({ sid: record.id, ...(record.uid === undefined ? {} : { uid: record.uid }) })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: sessionTokenType })
    .setIssuer(by.issuer)
    .setAudience(sessionAudience)
    .setSubject(record.account)
    .setIssuedAt(Math.floor(by.nowMs / 1000))
    .setExpirationTime(Math.floor(Date.parse(record.expiresAt) / 1000))
    .sign(key);
}

export function toView({ id, account, issuer, userAgent, kind, createdAt, expiresAt }: LiveSession): SessionView {
  return { id, account, issuer, userAgent, kind: kind ?? 'own', createdAt, expiresAt };
}

export function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
