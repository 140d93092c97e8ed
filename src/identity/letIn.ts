import type { Context } from 'hono';
import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { SignInMethod } from '../telemetry/events.ts';
import { credentialsOf, fail, setSession } from './signInParts.ts';
import type { SignInParts } from './signInParts.ts';
import type { NewSession } from './sessionRecords.ts';

/** What the session keeps of the site's provider. */
type Kept = Pick<NewSession, 'provider' | 'kept'>;

/** The last step of every sign-in: an account that has proved itself gets a session, unless it may not have one now. */
export async function letIn(
  c: Context,
  parts: SignInParts,
  account: Account,
  by: { method: SignInMethod; issuer: string; kept?: Kept | undefined; next: string },
): Promise<Response> {
  const { method } = by;
  const closed = parts.isBlocked(account.name) ? new GatewayError('auth.blocked') : parts.closedTo?.(account);
  if (closed !== undefined) return fail(c, parts, closed, undefined, { method, account: account.name });
  setSession(c, parts, await startSession(c, parts, account, by));
  parts.events?.emit('signIn', { ok: true, method, account: account.name });
  const query = new URLSearchParams({ turn: '1', next: by.next });
  return c.redirect(`${parts.urls.hub('login')}?${query.toString()}`, 303);
}

/** Always a new session: whatever id the browser brought along is not taken over (session fixation). */
async function startSession(
  c: Context,
  parts: SignInParts,
  account: Account,
  by: { issuer: string; kept?: Kept | undefined },
): Promise<Parameters<typeof setSession>[2]> {
  const old = await parts.identify(credentialsOf(c));
  const session = await parts.sessions.start({
    account: account.name,
    uid: account.uid,
    issuer: by.issuer,
    userAgent: c.req.header('user-agent') ?? '',
    groups: account.groups.filter((group) => group.startsWith('claim:')),
    ...by.kept,
  });
  // The next person at the same browser: what the former one had open is closed.
  if (old.ok && old.value.account.name !== account.name)
    await parts.sessions.revoke(old.value.sessionId, account.name, 'replaced');
  const record = parts.sessions.get(session.id);
  return { ...session, untilMs: Date.parse(record?.expiresAt ?? ''), renewable: record?.kept !== undefined };
}
