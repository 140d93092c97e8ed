import { SignJWT } from 'jose';
import type { Identity } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Keyring } from './keyring.ts';
import { createTokenCache } from './tokenCache.ts';

/** Type of the header's token, so that it can be taken for nothing else (RFC 8725, 3.11). */
const vouchType = 'cylc-identity+jwt';
/** Long enough for a slow service and a clock that is off, short enough to be of little use elsewhere. */
const lifetimeMs = 120_000;
/** One token serves a visitor's requests for so long: a page is dozens of requests. */
const reuseMs = 60_000;

/** Our word to a service on who its visitor is. At once where one was made a moment ago. */
export type Vouch = (who: Identity, service: string) => string | Promise<string>;

/**
 * A JWT by the key of our sessions, but of another type and for another audience: the OAuth client id of that service.
 * So neither the gateway nor another service takes it for a sign-in.
 */
export function createVouch({ keyring, issuer, clock }: { keyring: Keyring; issuer: string; clock: Clock }): Vouch {
  const made = createTokenCache<string>(1000);

  async function make({ account }: Identity, service: string): Promise<string> {
    const { kid, key } = keyring.current();
    const nowS = Math.floor(clock.now() / 1000);
    const { name, displayName, groups, admin } = account;
    return new SignJWT({ name: displayName, groups, admin })
      .setProtectedHeader({ alg: 'EdDSA', typ: vouchType, kid })
      .setIssuer(issuer)
      .setAudience(`service-${service}`)
      .setSubject(name)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + lifetimeMs / 1000)
      .sign(key);
  }

  return (who, service) => {
    const { name, groups, admin } = who.account;
    const about = JSON.stringify([service, name, groups, admin]);
    const known = made.get(about, clock.now());
    if (known !== undefined) return known;
    return make(who, service).then((token) => {
      made.set(about, token, clock.now() + reuseMs);
      return token;
    });
  };
}
