import { z } from 'zod';
import type { AdminData } from '../../store/schema.ts';
import type { DeepReadonly } from '../../store/types.ts';
import { conflict, empty, invalid, listAnswer, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { groupModel, pagedModel } from './models.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';

/** Groups of the gateway itself. Those of the system and of claims are read from there, and cannot be changed here. */

const groupName = z
  .string()
  .regex(/^[^\s:/]{1,100}$/)
  .meta({ description: 'Without blanks, colons and slashes.' });
const userNames = z.array(z.string().min(1).max(200)).max(10_000);
const newGroups = z.object({ groups: z.array(groupName).min(1), users: userNames.optional() });
const newGroup = z.strictObject({ users: userNames.optional() });
const members = z.strictObject({ users: userNames });
const pageQuery = z.object({ offset: z.coerce.number().int().optional(), limit: z.coerce.number().int().optional() });

const one = { path: '/groups/{name}', tag: 'Groups', subject: 'group' } as const;
const answer = { 200: { description: 'The group.', schema: groupModel } };

export function groupRoutes(deps: ApiDeps): Route[] {
  const show = (call: Pick<Call, 'c' | 'may'>, name: string, status: 200 | 201 = 200): Response =>
    call.c.json(presentGroup(deps, name, call.may), status);
  return [
    defineRoute({
      method: 'get',
      path: '/groups',
      tag: 'Groups',
      summary: 'List groups',
      needs: ['list:groups'],
      filtered: true,
      query: pageQuery,
      replies: {
        200: { description: 'The groups.', schema: z.array(groupModel), paged: pagedModel(z.array(groupModel)) },
      },
      handle(call) {
        const { offset, limit } = call.page;
        const names = Object.keys(groups(deps)).filter((name) => call.may('list:groups', 'group', name));
        const page = names.slice(offset, offset + limit).map((name) => presentGroup(deps, name, call.may));
        return listAnswer(call, page, names.length, deps.urls.origin);
      },
    }),
    defineRoute({
      method: 'post',
      path: '/groups',
      tag: 'Groups',
      summary: 'Make groups',
      needs: ['admin:groups'],
      body: { schema: newGroups, required: true },
      replies: {
        201: { description: 'The groups.', schema: z.array(groupModel) },
        400: { description: 'A user is not known.' },
        409: { description: 'One exists.' },
      },
      async handle(call) {
        const { groups: names, users = [] } = await call.body();
        await addGroups(deps, names, users);
        return call.c.json(
          names.map((name) => presentGroup(deps, name, call.may)),
          201,
        );
      },
    }),
    defineRoute({
      ...one,
      method: 'get',
      summary: 'Read a group',
      needs: ['read:groups', 'read:groups:name', 'read:roles:groups'],
      replies: answer,
      handle: (call) => show(call, findGroup(deps, call)),
    }),
    defineRoute({
      ...one,
      method: 'post',
      summary: 'Make a group',
      needs: ['admin:groups'],
      body: { schema: newGroup, required: false },
      replies: {
        201: { description: 'The group.', schema: groupModel },
        400: { description: 'A user is not known, or the name is none.' },
        409: { description: 'It exists.' },
      },
      async handle(call) {
        const name = call.param('name');
        if (Object.hasOwn(groups(deps), name)) throw conflict(`Group ${name} already exists`);
        if (!groupName.safeParse(name).success) throw invalid('A group has a name without blanks, colons and slashes.');
        await addGroups(deps, [name], (await call.body())?.users ?? []);
        return show(call, name, 201);
      },
    }),
    defineRoute({
      ...one,
      method: 'delete',
      summary: 'Delete a group',
      needs: ['delete:groups'],
      replies: { 204: { description: 'It is gone.' } },
      async handle(call) {
        const name = findGroup(deps, call);
        await change(deps, name, (draft) => delete draft[name]);
        return empty(call, 204);
      },
    }),
    defineRoute({
      ...one,
      path: '/groups/{name}/users',
      method: 'post',
      summary: 'Add users to a group',
      needs: ['groups'],
      body: { schema: members, required: true },
      replies: answer,
      async handle(call) {
        const name = findGroup(deps, call);
        const { users } = await call.body();
        assertKnown(deps, users);
        await change(deps, name, (draft) => {
          const group = draft[name];
          if (group !== undefined) group.members = [...new Set([...group.members, ...users])];
        });
        return show(call, name);
      },
    }),
    defineRoute({
      ...one,
      path: '/groups/{name}/users',
      method: 'delete',
      summary: 'Take users out of a group',
      needs: ['groups'],
      body: { schema: members, required: true },
      replies: answer,
      async handle(call) {
        const name = findGroup(deps, call);
        const { users } = await call.body();
        assertKnown(deps, users);
        await change(deps, name, (draft) => {
          const group = draft[name];
          if (group !== undefined) group.members = group.members.filter((member) => !users.includes(member));
        });
        return show(call, name);
      },
    }),
    defineRoute({
      ...one,
      path: '/groups/{name}/properties',
      method: 'put',
      summary: 'Set what is noted of a group',
      description: 'For site scripts; the gateway reads none of it.',
      needs: ['groups'],
      body: { schema: z.record(z.string(), z.unknown()), required: true },
      replies: answer,
      async handle(call) {
        const name = findGroup(deps, call);
        const properties = await call.body();
        await change(deps, name, (draft) => {
          if (draft[name] !== undefined) draft[name].properties = properties;
        });
        return show(call, name);
      },
    }),
  ];
}

function groups(deps: ApiDeps): DeepReadonly<AdminData['groups']> {
  return deps.store.admin.data.groups;
}

function findGroup(deps: ApiDeps, call: Pick<Call, 'param'>): string {
  const name = call.param('name');
  if (!Object.hasOwn(groups(deps), name)) throw notFound('No such group.');
  return name;
}

const access: Readonly<Record<string, readonly string[]>> = {
  'read:groups': ['properties', 'users'],
  'read:groups:name': [],
  'read:roles:groups': ['roles'],
};

function presentGroup(deps: ApiDeps, name: string, may: Call['may']): Record<string, unknown> {
  const { members: users = [], properties = {} } = groups(deps)[name] ?? {};
  const all: Record<string, unknown> = { users, properties, roles: [] };
  const granted = Object.keys(access).filter((scope) => may(scope, 'group', name));
  if (granted.length === 0) return {};
  const fields = granted.flatMap((scope) => (access[scope] ?? []).map((field) => [field, all[field]]));
  return { kind: 'group', name, ...(Object.fromEntries(fields) as object) };
}

function assertKnown(deps: ApiDeps, users: readonly string[]): void {
  if (users.some((name) => deps.directory.get(name) === undefined))
    throw invalid('No such user: at least one of these is not known.');
}

async function addGroups(deps: ApiDeps, names: readonly string[], users: readonly string[]): Promise<void> {
  if (names.some((name) => Object.hasOwn(groups(deps), name))) throw conflict('One of these groups already exists');
  assertKnown(deps, users);
  const createdAt = new Date(deps.clock.now()).toISOString();
  await deps.store.admin.update((draft) => {
    for (const name of names) draft.groups[name] = { members: [...new Set(users)], createdAt };
  });
  await deps.cache.reload(users);
}

async function change(deps: ApiDeps, name: string, edit: (draft: AdminData['groups']) => void): Promise<void> {
  const before = groups(deps)[name]?.members ?? [];
  await deps.store.admin.update((draft) => edit(draft.groups));
  await deps.cache.reload(new Set([...before, ...(groups(deps)[name]?.members ?? [])]));
}
