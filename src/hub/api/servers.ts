import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { keyText } from '../../servers/types.ts';
import type { ServerKey, ServerView } from '../../servers/types.ts';
import { conflict, empty, forbidden, invalid, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { serverModel } from './models.ts';
import { isActive, isReady, neverStarted, pendingOf, presentServer } from './present.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';
import { dropShares, moveShares } from './serverShares.ts';
import { findUser } from './users.ts';

const options = z.record(z.string(), z.unknown());
const displayName = z.string().max(200);
/** JupyterHub takes the options as the whole body too, where neither field is there. */
const startBody = z
  .looseObject({ display_name: displayName.optional(), user_options: options.nullable().optional() })
  .meta({ description: 'Options of the start in `user_options`, or as the body itself.' });
const editBody = z
  .strictObject({
    name: z.string().optional(),
    display_name: displayName.optional(),
    user_options: options.optional(),
  })
  .meta({ minProperties: 1 });
const stopBody = z.looseObject({
  remove: z.boolean().optional().meta({ description: 'Forget a named server once it has stopped.' }),
});

interface Asked {
  displayName: string | undefined;
  /** Undefined: as at the last start. */
  options: Record<string, unknown> | undefined;
}

export function serverRoutes(deps: ApiDeps): Route[] {
  const both = (route: Route): Route[] => {
    const main = { ...route, path: '/users/{name}/server', summary: `${route.summary} (the default server)` };
    return [
      main,
      {
        ...route,
        path: '/users/{name}/servers/{server_name}',
        aliases: ['/users/{name}/servers/', '/users/{name}/servers'],
      },
    ];
  };
  return [read, create, start, edit, stop].flatMap((make) => both(make(deps)));
}

const common = { path: '', tag: 'Servers', subject: 'server' } as const;

const read = (deps: ApiDeps): Route =>
  defineRoute({
    ...common,
    method: 'get',
    summary: 'Read a server',
    needs: ['read:servers'],
    replies: { 200: { description: 'The server.', schema: serverModel } },
    async handle(call) {
      const { view } = await findServer(deps, call);
      return call.c.json(presentServer(deps, view, call.may));
    },
  });

const create = (deps: ApiDeps): Route =>
  defineRoute({
    ...common,
    method: 'put',
    summary: 'Make a server without starting it',
    needs: ['start:servers'],
    body: { schema: startBody, required: false },
    replies: { 201: { description: 'The server.', schema: serverModel }, 409: { description: 'It exists.' } },
    async handle(call) {
      const key = await keyOf(deps, call);
      assertNoVisitor(call, key);
      if (key.name === '') throw conflict(`User ${key.owner} already has a default server`);
      if (deps.servers().get(key) !== undefined) throw conflict(`User ${key.owner} already has that server`);
      const asked = readAsked(await call.body());
      const view = await deps.servers().create(key, { displayName: asked.displayName, options: asked.options });
      return call.c.json(presentServer(deps, view, call.may), 201);
    },
  });

const start = (deps: ApiDeps): Route =>
  defineRoute({
    ...common,
    method: 'post',
    summary: 'Start a server',
    description: 'A named server that does not exist yet is made.',
    needs: ['start:servers'],
    body: { schema: startBody, required: false },
    replies: {
      201: { description: 'It has started and is ready.' },
      202: { description: 'It is starting: follow its progress.' },
      400: { description: 'It runs already, is stopping, or the options are not valid.' },
      429: { description: 'The owner has as many servers as an account may have, running or named.' },
      500: { description: 'It did not start; the message says why.' },
      503: { description: 'The gateway cannot write its records.' },
      504: { description: 'It did not answer in time after its start.' },
    },
    handle: async (call) => startServer(deps, call, await keyOf(deps, call), readAsked(await call.body())),
  });

const edit = (deps: ApiDeps): Route =>
  defineRoute({
    ...common,
    method: 'patch',
    summary: 'Edit or rename a stopped server',
    needs: ['start:servers'],
    body: { schema: editBody, required: true },
    replies: {
      200: { description: 'The server.', schema: serverModel },
      400: { description: 'It is active, or nothing is to be changed.' },
      409: { description: 'The new name is taken.' },
    },
    async handle(call) {
      const key = await keyOf(deps, call);
      assertNoVisitor(call, key);
      const { name, display_name: display, user_options: chosen } = await call.body();
      if (name === undefined && display === undefined && chosen === undefined)
        throw invalid('Must specify at least one field to modify.');
      const { view } = await findServer(deps, call);
      if (isActive(view)) throw invalid('The server is active. Please stop it before modifying it.');
      if (deps.servers().get(key) === undefined) await deps.servers().create(key, {});
      const change = { displayName: display, options: chosen, ...(name === undefined ? {} : { name }) };
      const edited = await deps.servers().edit(key, change);
      if (name !== undefined) await moveShares(deps, key, name);
      return call.c.json(presentServer(deps, edited, call.may));
    },
  });

const stop = (deps: ApiDeps): Route =>
  defineRoute({
    ...common,
    method: 'delete',
    summary: 'Stop a server',
    needs: ['delete:servers'],
    body: { schema: stopBody, required: false },
    replies: {
      204: { description: 'It has stopped, or did not run.' },
      202: { description: 'It is stopping.' },
      500: { description: 'It cannot be stopped.' },
    },
    handle: async (call) => stopServer(deps, call, await keyOf(deps, call), (await call.body())?.remove === true),
  });

export async function keyOf(deps: ApiDeps, call: Pick<Call, 'param' | 'who'>): Promise<ServerKey> {
  const user = await findUser(deps, call);
  return { owner: user.name, name: call.param('server_name') };
}

/** 404 where there is no such server; a user's default server exists from the start. */
export async function findServer(
  deps: ApiDeps,
  call: Pick<Call, 'param' | 'who'>,
): Promise<{ key: ServerKey; view: ServerView }> {
  const key = await keyOf(deps, call);
  const view = deps.servers().get(key) ?? (key.name === '' ? neverStarted(deps, key) : undefined);
  if (view === undefined) throw notFound('No such server.');
  return { key, view };
}

function readAsked(body: z.infer<typeof startBody> | undefined): Asked {
  if (body === undefined) return { displayName: undefined, options: undefined };
  const { display_name: name, user_options: chosen } = body;
  if (name === undefined && chosen === undefined)
    return { displayName: undefined, options: Object.keys(body).length === 0 ? undefined : body };
  return { displayName: name, options: chosen ?? undefined };
}

async function startServer(
  deps: ApiDeps,
  call: Pick<Call, 'c' | 'who'>,
  key: ServerKey,
  asked: Asked,
): Promise<Response> {
  const servers = deps.servers();
  const before = servers.get(key);
  if (before !== undefined) {
    const pending = pendingOf(before);
    if (pending === 'spawn') return empty(call, 202);
    if (pending !== null) throw invalid(`${keyText(key)} is pending ${pending}`);
    if (isActive(before)) throw invalid(`${keyText(key)} is already running`);
  }
  await ownerMayRun(deps, key);
  if (isVisitor(call, key)) assertVisitorsStart(asked);
  if (key.name !== '' && before === undefined) await servers.create(key, { displayName: asked.displayName });
  else if (asked.displayName !== undefined) await servers.edit(key, { displayName: asked.displayName });
  const { profile, ...chosen } = asked.options ?? before?.options ?? {};
  const wanted =
    typeof profile === 'string'
      ? { profile }
      : asked.options === undefined && before
        ? { profile: before.profile }
        : {};
  await servers.start({ key, options: chosen, by: call.who.name, ...wanted });
  const view = await settled(deps, key, isStarting);
  if (view?.phase === 'failed')
    throw isVisitor(call, key)
      ? new GatewayError('spawn.failed', { advice: `Tell ${key.owner}: the log says why.` })
      : startFailure(view);
  return empty(call, view !== undefined && isReady(view) ? 201 : 202);
}

/** A person whom a share, or the site's policy, lets start what is another's: that, and no more. */
function isVisitor({ who }: Pick<Call, 'who'>, key: ServerKey): boolean {
  return who.kind === 'user' && who.name !== key.owner && !who.admin;
}

function assertNoVisitor(call: Pick<Call, 'who'>, key: ServerKey): void {
  if (isVisitor(call, key)) throw forbidden('Who may start a server may not make or edit one.');
}

/** Extra arguments are the owner's alone to give, as on the page of the start. */
function assertVisitorsStart({ displayName: name, options: chosen }: Asked): void {
  if (name !== undefined || (chosen !== undefined && Object.hasOwn(chosen, 'args')))
    throw forbidden('Extra arguments and names are for the owner of the server to give.');
}

async function ownerMayRun(deps: ApiDeps, key: ServerKey): Promise<void> {
  const account = await deps.accounts.find(key.owner);
  if (account === undefined) throw notFound('This user has no account on the system.');
  if (account.visitor === true) throw forbidden('A guest can visit what is shared, and run no server.');
}

function isStarting({ phase }: ServerView): boolean {
  return phase === 'queued' || phase === 'starting';
}

/** The failure's reason is for the owner and admins, who alone may start. */
function startFailure(view: ServerView): GatewayError {
  return new GatewayError(view.failure?.code === 'spawn.timeout' ? 'spawn.timeout' : 'spawn.failed', {
    message: view.failure?.reason ?? 'The server did not start.',
  });
}

/** The server once it has left these phases, or as it is when patience ends. */
function settled(
  deps: ApiDeps,
  key: ServerKey,
  waiting: (view: ServerView) => boolean,
): Promise<ServerView | undefined> {
  const servers = deps.servers();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      off();
      resolve(servers.get(key));
    };
    const timer = setTimeout(finish, deps.patienceMs);
    const off = servers.onChange((view) => {
      if (keyText(view) === keyText(key) && !waiting(view)) finish();
    });
    const now = servers.get(key);
    if (now === undefined || !waiting(now)) finish();
  });
}

async function stopServer(
  deps: ApiDeps,
  call: Pick<Call, 'c' | 'who'>,
  key: ServerKey,
  remove: boolean,
): Promise<Response> {
  const servers = deps.servers();
  if (key.name === '' && remove) throw invalid('Cannot delete the default server');
  if (key.name !== '' && servers.get(key) === undefined) throw notFound('No such server.');
  const by = { by: call.who.name };
  const done = remove ? servers.remove(key, by).then(() => dropShares(deps, key)) : servers.stop(key, by);
  const outcome = await Promise.race([done.then(() => 'stopped' as const), patience(deps.patienceMs)]);
  if (outcome === 'stopped') return empty(call, 204);
  done.catch((error: unknown) => deps.log.warn({ err: error, server: keyText(key) }, 'a stop failed'));
  return empty(call, 202);
}

function patience(ms: number): Promise<'patience ended'> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, 'patience ended').unref();
  });
}
