import { cookieValues, hubSessionCookie } from '../identity/cookies.ts';
import type { Seal } from './seal.ts';
import type { Passage } from './tickets.ts';

/** Cookies of a user's origin. All are host-only; by https with the `__Host-` prefix, so that no sibling can plant one. */
export interface OriginCookies {
  proofName: string;
  proof(value: string): string;
  /** `Set-Cookie` lines for who enters. */
  signedIn(passage: Passage, lifetimeS: number): string[];
  /** The `Cookie` header with the sign-in as it would be on the gateway's own origin. */
  unsealed(header: string | undefined, label: string): string | undefined;
}

/** Sealed cookies remembered at most, each opened once instead of at every request. */
const maxKnown = 2000;
/** A visitor who was sent to sign in may take so long, s. */
const proofLifetimeS = 900;

export function createOriginCookies(options: { sessionName: string; secure: boolean; seal: Seal }): OriginCookies {
  const { sessionName, secure, seal } = options;
  const proofName = `${sessionName}-visit`;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  const known = new Map<string, string | undefined>();

  function open(sealed: string, label: string): string | undefined {
    const key = `${label} ${sealed}`;
    if (known.has(key)) return known.get(key);
    if (known.size >= maxKnown) known.clear();
    const opened = seal.open(sealed, label);
    if (opened !== undefined) known.set(key, opened);
    return opened;
  }

  return {
    proofName,
    proof: (value) => `${proofName}=${value}; Max-Age=${proofLifetimeS}; ${attributes}`,
    signedIn: ({ cookie, label, sessionId }, lifetimeS) => [
      `${sessionName}=${seal.close(cookie, label)}; Max-Age=${lifetimeS}; ${attributes}`,
      `${hubSessionCookie}=${sessionId}; Max-Age=${lifetimeS}; ${attributes}`,
      `${proofName}=; Max-Age=0; ${attributes}`,
    ],
    unsealed(header, label) {
      const signIns = cookieValues(header, sessionName).flatMap((sealed) => open(sealed, label) ?? []);
      return signIns.length === 0 ? undefined : signIns.join('; ');
    },
  };
}
