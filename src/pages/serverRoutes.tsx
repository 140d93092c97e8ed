import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Identity } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { ProfileForm, ServerKey, ServerView, Servers } from '../servers/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { FailedPage, UnknownPage } from './failedPage.tsx';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import { safeNext, serverPage, withNext } from './links.ts';
import { keptHours } from './keepForm.tsx';
import { logLines, LogPage } from './logPage.tsx';
import { mayRun, mayStart } from './notRunning.tsx';
import { readOptions, withValues } from './optionsInput.ts';
import { PendingPage } from './pendingPage.tsx';
import { eventsSoFar } from './progressStream.ts';
import type { Shell } from './shell.ts';
import { SpawnPage } from './spawnPage.tsx';

export interface ServerRoutesParts {
  shell: Shell;
  servers: Servers;
  clock: Clock;
  log: Logger;
}

/** A start: its form, its progress, its failure; and the stop. */
export function serverRoutes(parts: ServerRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  for (const path of ['/spawn', '/spawn/:user', '/spawn/:user/:server']) {
    app.get(path, (c) => showForm(parts, c));
    app.post(path, (c) => start(parts, c));
  }
  for (const path of ['/spawn-pending', '/spawn-pending/:user', '/spawn-pending/:user/:server'])
    app.get(path, (c) => showPending(parts, c));
  for (const path of ['/log', '/log/:user', '/log/:user/:server']) app.get(path, (c) => showLog(parts, c));
  app.post('/stop', (c) => stop(parts, c));
  app.post('/keep', (c) => keep(parts, c));
  return app;
}

type C = Context<PagesEnv>;

/** The server of the address (the visitor's own default server without one), where the visitor may start it. */
export function keyOf(c: C, shell: Shell): ServerKey {
  const who = c.get('who');
  const key = { owner: c.req.param('user') ?? who.account.name, name: c.req.param('server') ?? '' };
  return mayStart(shell, who, key) ? key : runnable(who, key);
}

function runnable(who: Identity, key: ServerKey): ServerKey {
  if (!mayRun(who, key))
    throw new GatewayError('access.denied', { advice: `Only ${key.owner} can start and stop it.` });
  return key;
}

async function showForm({ shell, servers }: ServerRoutesParts, c: C): Promise<Response> {
  const key = keyOf(c, shell);
  const next = safeNext(shell.urls, c.req.query('next'), shell.urls.prefix(key));
  const elsewhere = instead(shell, servers.get(key), next);
  if (elsewhere !== undefined) return c.redirect(elsewhere, 302);
  const forms = await formsFor(servers, key, c.get('who'));
  const chosen = withValues(choose(forms, c.req.query('profile')), c.req.query());
  const page = <SpawnPage shell={shell} who={c.get('who')} server={key} forms={forms} chosen={chosen} next={next} />;
  return c.html(toHtml(page));
}

/** A server that runs needs no form: where its visitor is sent. */
function instead(shell: Shell, view: ServerView | undefined, next: string | undefined): string | undefined {
  if (view === undefined) return undefined;
  if (view.phase === 'ready') return next ?? view.url;
  if (view.phase === 'queued' || view.phase === 'starting')
    return withNext(serverPage(shell.urls, 'spawn-pending', view), next);
  return undefined;
}

/** Extra arguments are the owner's alone to give: another who starts the server does not see them. */
async function formsFor(servers: Servers, key: ServerKey, who: Identity): Promise<ProfileForm[]> {
  const forms = await servers.forms(key.owner);
  if (who.account.name === key.owner) return forms;
  return forms.map((form) =>
    withFields(
      form,
      form.fields.filter(({ name }) => name !== 'args'),
    ),
  );
}

function withFields(form: ProfileForm, fields: ProfileForm['fields']): ProfileForm {
  return { ...form, fields };
}

function choose(forms: readonly ProfileForm[], profile: string | undefined): ProfileForm {
  const chosen = forms.find((form) => form.profile === profile) ?? forms.find(({ last }) => last) ?? forms[0];
  if (chosen === undefined)
    throw new GatewayError('access.denied', {
      message: 'This site has no kind of server for you.',
      advice: 'Ask the administrator of this site.',
    });
  return chosen;
}

async function start({ shell, servers }: ServerRoutesParts, c: C): Promise<Response> {
  const [key, who, posted] = [keyOf(c, shell), c.get('who'), c.get('posted')];
  const next = safeNext(shell.urls, text(posted['next']), shell.urls.prefix(key));
  const forms = await formsFor(servers, key, who);
  const form = choose(forms, text(posted['profile']));
  const options = readOptions(form, posted);
  try {
    await servers.start({ key, profile: form.profile, options, by: who.account.name });
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (error.code !== 'server.exists') {
      if (!['spawn.options', 'server.limit'].includes(error.code)) throw error;
      const chosen = withValues(form, options);
      const props = { shell, who, server: key, forms, chosen, next, error };
      return c.html(toHtml(<SpawnPage {...props} />), error.status as 400);
    }
  }
  return c.redirect(withNext(serverPage(shell.urls, 'spawn-pending', key), next), 303);
}

async function showPending({ shell, servers }: ServerRoutesParts, c: C): Promise<Response> {
  const [key, who] = [keyOf(c, shell), c.get('who')];
  const mine = mayRun(who, key);
  const next = safeNext(shell.urls, c.req.query('next'), shell.urls.prefix(key));
  const view = servers.get(key);
  if (view === undefined) return c.redirect(shell.urls.hub('home'), 302);
  switch (view.phase) {
    case 'ready':
      return c.redirect(next ?? view.url, 302);
    case 'failed':
      // The log of a failed start is its owner's to see.
      if (!mine) throw new GatewayError('spawn.failed', { advice: `Tell ${key.owner}: the log says why.` });
      return c.html(toHtml(<FailedPage shell={shell} who={who} server={key} failure={view.failure} next={next} />));
    case 'unknown':
      return c.html(toHtml(<UnknownPage shell={shell} who={who} server={key} view={view} />));
    case 'stopped':
      return c.redirect(shell.urls.hub('home'), 302);
    default: {
      const events = await eventsSoFar((signal) => servers.progress(key, signal), 50);
      const goal = next ?? view.url;
      const props = { shell, who, server: key, phase: view.phase, events, next: goal, mayStop: mine };
      return c.html(toHtml(<PendingPage {...props} />));
    }
  }
}

async function keep({ shell, servers, clock }: ServerRoutesParts, c: C): Promise<Response> {
  const [who, posted] = [c.get('who'), c.get('posted')];
  const key = runnable(who, { owner: text(posted['owner']) ?? who.account.name, name: text(posted['server']) ?? '' });
  const hours = keptHours(posted['hours']);
  if (hours === undefined) throw new GatewayError('request.invalid');
  await servers.keep(key, new Date(clock.now() + hours * 3_600_000).toISOString());
  return c.redirect(shell.urls.hub('home'), 303);
}

/** For those who may stop it alone: who may merely start it has no business with what it writes. */
async function showLog({ shell, servers }: ServerRoutesParts, c: C): Promise<Response> {
  const who = c.get('who');
  const key = runnable(who, { owner: c.req.param('user') ?? who.account.name, name: c.req.param('server') ?? '' });
  const view = servers.get(key);
  if (view === undefined) return c.redirect(shell.urls.hub('home'), 302);
  const text = await servers.log(key, logLines);
  return c.html(toHtml(<LogPage shell={shell} who={who} server={key} phase={view.phase} text={text} />));
}

/** How long the answer to a stop waits for its end before it shows progress instead, ms. */
const patienceMs = 1500;

async function stop({ shell, servers, log }: ServerRoutesParts, c: C): Promise<Response> {
  const [who, posted] = [c.get('who'), c.get('posted')];
  const owner = text(posted['owner']) ?? who.account.name;
  const key = runnable(who, { owner, name: text(posted['server']) ?? '' });
  const how = { by: who.account.name, force: posted['force'] === 'on' };
  const stopped = servers.stop(key, how).then(
    () => true,
    (error: unknown) => {
      log.warn({ err: error, owner: key.owner, server: key.name }, 'stop failed');
      return false;
    },
  );
  const done = await Promise.race([stopped, after(patienceMs)]);
  const page = done === true ? shell.urls.hub('home') : serverPage(shell.urls, 'spawn-pending', key);
  return c.redirect(page, 303);
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
