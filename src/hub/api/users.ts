import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { Principal } from '../principals.ts';
import { conflict, empty, forbidden, invalid, listAnswer, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import type { KnownUser } from './directory.ts';
import { pagedModel, userModel } from './models.ts';
import { isActive, isReady, neverStarted, presentUser } from './present.ts';
import type { UserModel } from './models.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';

const pageQuery = {
  offset: z.coerce.number().int().optional().meta({ description: 'First item of the page. Default 0.' }),
  limit: z.coerce.number().int().optional().meta({ description: 'Items of the page.' }),
};
const stoppedQuery = z
  .string()
  .optional()
  .meta({ description: 'Anything but `0` and `false` shows stopped servers too.' });

const listQuery = z.object({
  ...pageQuery,
  state: z
    .enum(['active', 'ready', 'inactive', ''])
    .optional()
    .meta({ description: 'Users with a server that runs or is about to; with a ready one; with none.' }),
  name_filter: z.string().optional().meta({ description: 'Part of the name, in any case.' }),
  sort: z
    .enum(['id', '-id', 'name', '-name', 'last_activity', '-last_activity'])
    .optional()
    .meta({ description: '`id` is the order in which the Hub met them. A minus turns it round.' }),
  include_stopped_servers: stoppedQuery,
});

const userName = z.string().min(1).max(200);
const newUsers = z.object({ usernames: z.array(userName).min(1), admin: z.boolean().optional() });
const newUser = z.object({ admin: z.boolean().optional() });
const userChange = z.strictObject({
  name: userName
    .optional()
    .meta({ description: 'The name itself: names are the system’s and cannot be changed here.' }),
  admin: z.boolean().optional(),
});

export function userRoutes(deps: ApiDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/users',
      tag: 'Users',
      summary: 'List users',
      needs: ['list:users'],
      filtered: true,
      query: listQuery,
      replies: {
        200: {
          description: 'The users that the caller may list.',
          schema: z.array(userModel),
          paged: pagedModel(z.array(userModel)),
        },
      },
      handle: (call) => listUsers(deps, call, call.query),
    }),
    defineRoute({
      method: 'post',
      path: '/users',
      tag: 'Users',
      summary: 'Make users known',
      description: 'Each needs an account on the system; those known before are left as they are.',
      needs: ['admin:users'],
      body: { schema: newUsers, required: true },
      replies: {
        201: { description: 'Those that were new.', schema: z.array(userModel) },
        400: { description: 'A name is nobody on the system.' },
        409: { description: 'All were known before.' },
      },
      async handle(call) {
        const { usernames, admin = false } = await call.body();
        return call.c.json(await addUsers(deps, call, usernames, admin), 201);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/users/{name}',
      tag: 'Users',
      summary: 'Read a user',
      needs: [
        'read:users',
        'read:users:name',
        'read:servers',
        'read:users:groups',
        'read:users:activity',
        'read:roles:users',
      ],
      subject: 'user',
      query: z.object({ include_stopped_servers: stoppedQuery }),
      replies: { 200: { description: 'The user.', schema: userModel } },
      async handle(call) {
        const user = await findUser(deps, call);
        return call.c.json(await modelOf(deps, call, user, call.query.include_stopped_servers));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/users/{name}',
      tag: 'Users',
      summary: 'Make a user known',
      needs: ['admin:users'],
      subject: 'user',
      body: { schema: newUser, required: false },
      replies: {
        201: { description: 'The user.', schema: userModel },
        400: { description: 'The name is nobody on the system.' },
        409: { description: 'The user was known before.' },
      },
      async handle(call) {
        const name = call.param('name');
        if (deps.directory.get(name) !== undefined) throw conflict(`User ${name} already exists`);
        const admin = (await call.body())?.admin === true;
        return call.c.json((await addUsers(deps, call, [name], admin))[0], 201);
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/users/{name}',
      tag: 'Users',
      summary: 'Change a user',
      needs: ['admin:users'],
      subject: 'user',
      body: { schema: userChange, required: true },
      replies: { 200: { description: 'The user.', schema: userModel } },
      handle: async (call) => changeUser(deps, call, await findUser(deps, call), await call.body()),
    }),
    defineRoute({
      method: 'delete',
      path: '/users/{name}',
      tag: 'Users',
      summary: 'Forget a user',
      description: 'Stops their servers; tokens, sign-ins and shares end. Their account on the system stays.',
      needs: ['delete:users'],
      subject: 'user',
      replies: { 204: { description: 'The user is forgotten.' }, 400: { description: 'The user is the caller.' } },
      async handle(call) {
        const { name } = await findUser(deps, call);
        if (call.who.kind === 'user' && call.who.name === name) throw invalid('Cannot delete yourself!');
        await forgetUser(deps, name, call.who.name);
        return empty(call, 204);
      },
    }),
  ];
}

/** Of the path; 404 for somebody whom the Hub has not met. The caller is always known. */
export async function findUser(deps: ApiDeps, call: Pick<Call, 'param' | 'who'>): Promise<KnownUser> {
  const name = call.param('name');
  const user = deps.directory.get(name);
  if (user !== undefined) return user;
  if (call.who.kind === 'user' && call.who.name === name) return { name, createdAt: null, lastActivityAt: null };
  throw notFound('No such user.');
}

async function modelOf(
  deps: ApiDeps,
  { may }: Pick<Call, 'may'>,
  user: KnownUser,
  includeStopped?: string,
): Promise<UserModel | undefined> {
  await deps.cache.load([user.name]);
  const servers = deps
    .servers()
    .list()
    .filter(({ owner }) => owner === user.name);
  const account = deps.cache.get(user.name);
  if (!servers.some(({ name }) => name === '')) servers.push(neverStarted(deps, { owner: user.name, name: '' }));
  return presentUser(deps, { user, account, servers, includeStopped: isOn(includeStopped) }, may);
}

function isOn(text: string | undefined): boolean {
  return !['0', 'false'].includes((text ?? '0').toLowerCase());
}

async function listUsers(
  deps: ApiDeps,
  call: Pick<Call, 'c' | 'page' | 'may' | 'who'>,
  query: z.infer<typeof listQuery>,
): Promise<Response> {
  const { offset, limit } = call.page;
  const named = deps.directory
    .all()
    .filter(({ name }) => name.toLowerCase().includes((query.name_filter ?? '').toLowerCase()))
    .filter(({ name }) => inState(deps, name, query.state ?? ''));
  if (call.who.scopes.get('list:users') !== 'all') await deps.cache.load(named.map(({ name }) => name));
  const listed = named.filter(({ name }) => call.may('list:users', 'user', name));
  const page = sorted(listed, query.sort ?? 'id').slice(offset, offset + limit);
  await deps.cache.load(page.map(({ name }) => name));
  const models = await Promise.all(page.map((user) => modelOf(deps, call, user, query.include_stopped_servers)));
  return listAnswer(
    call,
    models.filter((model) => model !== undefined),
    listed.length,
    deps.urls.origin,
  );
}

function inState(deps: ApiDeps, user: string, state: string): boolean {
  if (state === '') return true;
  const servers = deps
    .servers()
    .list()
    .filter(({ owner }) => owner === user);
  if (state === 'ready') return servers.some(isReady);
  return servers.some(isActive) === (state === 'active');
}

/** Unknown times go last when ascending, as JupyterHub's do go first; a tie is broken by the name. */
function sorted(users: KnownUser[], sort: string): KnownUser[] {
  const field = sort.replace('-', '');
  const sign = sort.startsWith('-') ? -1 : 1;
  const key = (user: KnownUser): string =>
    field === 'name' ? user.name : ((field === 'id' ? user.createdAt : user.lastActivityAt) ?? '');
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return users.sort((a, b) => sign * (compare(key(a), key(b)) || compare(a.name, b.name)));
}

async function addUsers(
  deps: ApiDeps,
  call: Pick<Call, 'who' | 'may'>,
  names: readonly string[],
  admin: boolean,
): Promise<(UserModel | undefined)[]> {
  if (admin) assertMayMakeAdmins(call.who);
  const fresh = [...new Set(names)].filter((name) => deps.directory.get(name) === undefined);
  const found = await Promise.all(fresh.map((name) => deps.accounts.find(name)));
  if (found.includes(undefined))
    throw new GatewayError('request.invalid', {
      message: 'A user needs an account on this system, and at least one of these has none.',
    });
  if (fresh.length === 0) throw conflict(`All ${names.length} users already exist`);
  const createdAt = new Date(deps.clock.now()).toISOString();
  await deps.store.admin.update((draft) => {
    for (const name of fresh) draft.accounts[name] = admin ? { createdAt, admin } : { createdAt };
  });
  await deps.cache.reload(fresh);
  deps.log.info({ users: fresh, admin, by: call.who.name }, 'users made known');
  return Promise.all(fresh.map((name) => modelOf(deps, call, { name, createdAt, lastActivityAt: null })));
}

function assertMayMakeAdmins(who: Principal): void {
  if (!who.admin) throw forbidden('Only admins can grant admin permissions');
}

async function changeUser(
  deps: ApiDeps,
  call: Pick<Call, 'who' | 'may' | 'c'>,
  user: KnownUser,
  change: z.infer<typeof userChange>,
): Promise<Response> {
  const { name, admin } = change;
  if (name !== undefined && name !== user.name)
    throw invalid('Users cannot be renamed: their names are those of the accounts on the system.');
  if (!call.who.admin && deps.cache.get(user.name)?.admin === true)
    throw forbidden('Only admins can modify other admins');
  if (admin === true) assertMayMakeAdmins(call.who);
  if (admin !== undefined) {
    await deps.store.admin.update((draft) => {
      draft.accounts[user.name] = { ...draft.accounts[user.name], admin };
    });
    await deps.cache.reload([user.name]);
    deps.log.info({ user: user.name, admin, by: call.who.name }, 'user changed');
  }
  return call.c.json(await modelOf(deps, call, user));
}

async function forgetUser(deps: ApiDeps, name: string, by: string): Promise<void> {
  const servers = deps.servers();
  for (const view of servers.list().filter(({ owner }) => owner === name)) await servers.remove(view, { by });
  await deps.forgetAccount(name);
  await deps.store.admin.update((draft) => {
    delete draft.accounts[name];
    for (const group of Object.values(draft.groups)) group.members = group.members.filter((member) => member !== name);
    for (const share of Object.values(draft.shares))
      if (share.owner === name || (share.grantee.kind === 'user' && share.grantee.name === name))
        delete draft.shares[share.id];
  });
  deps.log.info({ user: name, by }, 'user forgotten');
}
