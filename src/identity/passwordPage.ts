import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Clock } from '../clock.ts';
import { readForm } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import type { Events } from '../telemetry/events.ts';
import type { Urls } from '../urls.ts';
import { formAction, isNavigation } from './csrf.ts';
import type { Csrf } from './csrf.ts';
import type { Pam } from './pam.ts';
import type { SiteAccounts } from './siteAccounts.ts';
import type { InteractionVisit } from './provider.ts';
import type { Tries } from './tries.ts';
import type { RenderView } from './views.ts';

/** The form for name and password of the built-in provider. */
export interface PasswordPageParts {
  pam: Pam;
  tries: Tries;
  people: SiteAccounts;
  isBlocked(account: string): boolean;
  csrf: Csrf;
  clock: Clock;
  urls: Urls;
  render: RenderView;
  pageHeaders: Readonly<Record<string, string>>;
  /** A wrong password is answered after so long, ms: the same for every reason, so that time tells nothing. */
  failDelayMs: number;
  events?: Events | undefined;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export function createPasswordPage(parts: PasswordPageParts): (visit: InteractionVisit) => Promise<void> {
  return async (visit) => {
    try {
      if (!isNavigation(headerOf(visit.request, 'sec-fetch-mode'))) throw new GatewayError('access.origin');
      if (visit.request.method === 'POST') await take(visit, parts);
      else answer(visit, parts, {});
    } catch (error) {
      refuse(visit, parts, toGatewayError(error));
    }
  };
}

async function take(visit: InteractionVisit, parts: PasswordPageParts): Promise<void> {
  const pair = { incoming: visit.request, outgoing: visit.response };
  const { _csrf = '', name: typed = '', password = '' } = await readForm({ env: pair }, bodyLimits.anonymous);
  if (!isOurs(visit, parts, _csrf)) return refuse(visit, parts, new GatewayError('access.origin'));
  const name = typed.trim();
  const { address } = visit;
  const begunMs = parts.clock.now();
  const account = name.slice(0, 64);
  if (!parts.tries.take(name, address)) {
    parts.events?.emit('signIn', { ok: false, method: 'password', account, code: 'auth.rate' });
    return deny(visit, parts, { name, error: new GatewayError('auth.rate') });
  }
  const found = await check({ name, password, address }, parts);
  if (found.ok) {
    parts.tries.giveBack(name, address);
    return visit.finish(found.name);
  }
  if (found.error.code === 'auth.unavailable') parts.tries.giveBack(name, address);
  const { code } = found.error;
  parts.log.warn({ code, reason: found.reason, account, address }, 'password refused');
  parts.events?.emit('signIn', { ok: false, method: 'password', account, code, reason: found.reason });
  await sleep(Math.max(0, begunMs + parts.failDelayMs - parts.clock.now()));
  deny(visit, parts, { name, error: found.error });
}

type Checked = { ok: true; name: string } | { ok: false; error: GatewayError; reason: string };

/** Names that could not sign in anyway (root above all) never get as far as PAM: this is no place to guess at them. */
async function check(
  login: { name: string; password: string; address: string },
  parts: PasswordPageParts,
): Promise<Checked> {
  const { pam, people } = parts;
  const before = await people.byName(login.name);
  if (!before.ok) return { ok: false, error: new GatewayError('auth.password'), reason: before.reason };
  const verdict = await pam.check(login);
  if (!verdict.ok) return verdict;
  const after = await people.byName(verdict.name);
  if (!after.ok) return after;
  if (parts.isBlocked(after.account.name))
    return { ok: false, error: new GatewayError('auth.blocked'), reason: 'account is blocked' };
  return { ok: true, name: after.account.name };
}

function deny(visit: InteractionVisit, parts: PasswordPageParts, why: { name: string; error: GatewayError }): void {
  const { message, advice } = why.error;
  answer(visit, parts, { name: why.name, error: `${message} ${advice}`, status: why.error.status });
}

function answer(
  { interaction, response }: InteractionVisit,
  parts: PasswordPageParts,
  { name = '', error, status = 200 }: { name?: string; error?: string; status?: number },
): void {
  const action = actionOf(interaction, parts);
  const page = parts.render({
    kind: 'password',
    action,
    fields: { _csrf: parts.csrf.token(interaction.uid, formAction('POST', action)) },
    name: name.slice(0, 64),
    error,
    onlyFor: parts.pam.onlyFor,
  });
  response.writeHead(status, headersOf(parts)).end(page);
}

function refuse({ response }: InteractionVisit, parts: PasswordPageParts, error: GatewayError): void {
  parts.log.warn({ code: error.code, ...error.facts, err: error.cause }, 'sign-in refused');
  parts.events?.emit('signIn', { ok: false, method: 'password', code: error.code });
  if (response.headersSent) return void response.destroy();
  const page = parts.render({ kind: 'error', error, signInUrl: parts.urls.hub('login') });
  response.writeHead(error.status, headersOf(parts)).end(page);
}

function headersOf({ pageHeaders }: PasswordPageParts): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'strict-origin',
    'x-frame-options': 'DENY',
    ...pageHeaders,
  };
}

function actionOf({ uid }: Pick<InteractionVisit['interaction'], 'uid'>, { urls }: PasswordPageParts): string {
  return urls.hub(`oidc/interaction/${uid}`);
}

/** Nobody may sign others in as somebody else by a form of theirs: it must be of this very page. */
function isOurs({ request, interaction, host }: InteractionVisit, parts: PasswordPageParts, token: string): boolean {
  const { csrf } = parts;
  const proof = { token, boundTo: interaction.uid, action: formAction('POST', actionOf(interaction, parts)) };
  const [fetchSite, origin] = [headerOf(request, 'sec-fetch-site'), headerOf(request, 'origin')];
  const nothingElse = { method: 'POST', fetchSite: undefined, origin: undefined, host: undefined };
  return (
    csrf.check({ method: 'POST', fetchSite, origin, host, ...proof }).ok && csrf.check({ ...nothingElse, ...proof }).ok
  );
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
