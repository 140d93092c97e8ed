import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { SetupError } from '../errors.ts';
import type { Events } from '../telemetry/events.ts';
import type { CookieNames } from './cookies.ts';
import { createIssuers } from './issuers.ts';
import type { Keyring } from './keyring.ts';
import { sessionAudience, sessionTokenType } from './sessionToken.ts';
import type { TokenSource } from './tokenSources.ts';
import { createVerifier } from './verify.ts';
import type { TrustedIssuer, Verifier } from './verify.ts';

/** Whose tokens are taken, and from where: our own session cookie first, then those of the site's single sign-on. */
export interface SiteVerifier {
  verifier: Verifier;
  sources: readonly TokenSource[];
  /** The site's own issuers, for `token explain` and back-channel logout. */
  issuers: readonly TrustedIssuer[];
}

export interface SiteVerifierOptions {
  config: Config['identity'];
  /** `iss` of our own session tokens. */
  issuer: string;
  cookies: CookieNames;
  keyring: Keyring;
  clock: Clock;
  log: { warn(fields: object, message: string): void };
  /** What was verified by keys that have changed must be looked at again. */
  onKeysChange(): void;
  events?: Events | undefined;
}

/** Throws `SetupError` where the configuration names an issuer twice, or a key file will not do. */
export async function createSiteVerifier(options: SiteVerifierOptions): Promise<SiteVerifier> {
  const { config, issuer, cookies, keyring, clock, log } = options;
  refuseDoubles([issuer, ...config.issuers.map((one) => one.issuer)]);
  const onKeysChange = (): void => {
    verifier.clear();
    options.onKeysChange();
  };
  const site = await createIssuers(config.issuers, { clock, log, onKeysChange, events: options.events });
  const own: TrustedIssuer = {
    issuer,
    audience: [sessionAudience],
    algorithms: ['EdDSA'],
    keys: keyring.source,
    typ: sessionTokenType,
    own: true,
  };
  const verifier = createVerifier({
    issuers: [own, ...site.map(({ trusted }) => trusted)],
    clock,
    skewS: config.session.skewS,
  });
  const ownSource = { cookie: cookies.session, header: 'authorization', accepts: (iss: string) => iss === issuer };
  return {
    verifier,
    sources: [ownSource, ...site.map(({ source }) => source)],
    issuers: site.map(({ trusted }) => trusted),
  };
}

function refuseDoubles(issuers: readonly string[]): void {
  const double = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index);
  if (double === undefined) return;
  throw new SetupError(`identity.issuers names ${double} twice, or it is the gateway itself.`, {
    advice: 'Put the audiences, cookies and rules of an issuer into one entry.',
  });
}
