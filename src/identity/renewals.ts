import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { renewedAccount } from './renewedAccount.ts';
import type { SiteAccounts } from './siteAccounts.ts';
import type { LiveSession } from './sessionRecords.ts';
import type { SessionKeeper } from './sessions.ts';
import type { SiteOidc } from './siteOidc.ts';

/**
 * Silent renewal: sign-ins for which the provider gave a refresh token are asked about now and then. As long as the
 * provider agrees they live on, with the same id and the groups that it names now; when it says no, they end; while it cannot be reached they live until
 * their time is over.
 */
export interface RenewalOptions {
  oidc: SiteOidc;
  sessions: SessionKeeper;
  people: SiteAccounts;
  clock: Clock;
  /** A session is asked about this often, ms. */
  everyMs: number;
  /** A renewed session lives so much longer, ms. */
  lifetimeMs: number;
  /** See `RenewedOptions`, ms. */
  groupsMaxAgeMs: number;
  live(): Iterable<LiveSession>;
  log: { warn(fields: object, message: string): void };
}

/** So many at once at most: after a restart all are due. */
const atOnce = 10;

/** Returns the function that ends it. */
export function startRenewals(options: RenewalOptions): () => void {
  const { clock, everyMs } = options;
  const dueAt = new Map<string, number>();
  let busy = false;

  function due(): LiveSession[] {
    const now = clock.now();
    const live = [...options.live()].filter(({ kept }) => kept !== undefined);
    for (const id of dueAt.keys()) if (!live.some((each) => each.id === id)) dueAt.delete(id);
    return live
      .filter(({ id, createdAt }) => (dueAt.get(id) ?? Date.parse(createdAt) + everyMs) <= now)
      .slice(0, atOnce);
  }

  async function round(): Promise<void> {
    if (busy) return;
    busy = true;
    try {
      const sessions = due();
      for (const { id } of sessions) dueAt.set(id, clock.now() + everyMs);
      await Promise.all(sessions.map((session) => renewOne(session, options)));
    } finally {
      busy = false;
    }
  }

  const tickMs = Math.min(30_000, Math.max(500, everyMs / 10));
  const timer = setInterval(() => {
    round().catch((error: unknown) => options.log.warn({ err: error }, 'renewal of sign-ins failed'));
  }, tickMs).unref();
  return () => clearInterval(timer);
}

async function renewOne(session: LiveSession, options: RenewalOptions): Promise<void> {
  const { oidc, sessions, clock } = options;
  const subject = session.provider?.subject ?? '';
  const kept = await oidc.kept.open(session.kept);
  if (kept?.refresh === undefined) return;
  try {
    const signIn = await oidc.client.refresh(kept.refresh, subject);
    const { found, groupsAtMs } = await renewedAccount(session, signIn, options);
    if (!found.ok || found.account.name !== session.account)
      return void (await sessions.revoke(session.id, 'provider', 'provider'));
    const next = { refresh: signIn.refreshToken, idToken: signIn.idToken ?? kept.idToken };
    const groups = { account: found.account, atMs: groupsAtMs };
    await sessions.renew(session.id, clock.now() + options.lifetimeMs, await oidc.kept.seal(next), groups);
  } catch (error) {
    const unavailable = error instanceof GatewayError && error.code === 'auth.unavailable';
    options.log.warn({ sessionId: session.id, unavailable, err: error }, 'a sign-in was not renewed');
    if (!unavailable) await sessions.revoke(session.id, 'provider', 'provider');
  }
}
