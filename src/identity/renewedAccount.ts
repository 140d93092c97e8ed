import type { Clock } from '../clock.ts';
import { claimAt } from './claims.ts';
import type { Found } from './identify.ts';
import type { OidcSignIn } from './oidcClient.ts';
import type { LiveSession } from './sessionRecords.ts';
import type { SiteAccounts } from './siteAccounts.ts';

export interface RenewedOptions {
  people: SiteAccounts;
  clock: Clock;
  /** Groups that the provider does not repeat are believed for so long, ms. */
  groupsMaxAgeMs: number;
  log: { warn(fields: object, message: string): void };
}

/** Who the session is by what the provider says now, and when it last said which groups (ms since 1970). */
export interface Renewed {
  found: Found;
  groupsAtMs: number;
}

/**
 * A renewal must not keep what the provider has taken away: groups that it names now count at once, a shorter list too.
 * Not every answer names them (no ID token, or one without the claim): then user info is asked, and where that is silent
 * too the last known ones count for a while, and then none.
 */
export async function renewedAccount(
  session: LiveSession,
  signIn: OidcSignIn,
  options: RenewedOptions,
): Promise<Renewed> {
  const { people, clock } = options;
  const rules = people.rulesOf(session.issuer);
  const claim = rules?.groupsClaim;
  const hasIdToken = Object.hasOwn(signIn.claims, 'sub');
  const claims = claim === undefined ? signIn.claims : await withGroups(signIn, claim);
  const told = claim === undefined || claimAt(claims, claim) !== undefined;
  const toldAtMs = Date.parse(session.groupsAt ?? session.createdAt);
  const last = told ? undefined : lastKnown(session, toldAtMs, options);
  const found = hasIdToken
    ? await people.byClaims(signIn.issuer, claims, last)
    : await people.byNameAndGroups(session.issuer, session.account, claims, last);
  return { found, groupsAtMs: told ? clock.now() : toldAtMs };
}

async function withGroups(signIn: OidcSignIn, claim: string): Promise<Record<string, unknown>> {
  if (claimAt(signIn.claims, claim) !== undefined) return signIn.claims;
  const groups = claimAt((await signIn.userInfo?.()) ?? {}, claim);
  return groups === undefined ? signIn.claims : { ...signIn.claims, [claim]: groups };
}

function lastKnown(
  session: LiveSession,
  toldAtMs: number,
  { clock, groupsMaxAgeMs, log }: RenewedOptions,
): readonly string[] | undefined {
  const facts = { sessionId: session.id, account: session.account, since: new Date(toldAtMs).toISOString() };
  const fresh = clock.now() - toldAtMs <= groupsMaxAgeMs;
  const what = fresh ? 'the last known ones count for now' : 'none count any more';
  log.warn(facts, `the provider renewed a sign-in and named no groups: ${what}`);
  return fresh ? (session.groups ?? []) : undefined;
}
