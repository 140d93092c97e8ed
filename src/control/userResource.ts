import { GatewayError } from '../errors.ts';
import type { AdminData } from '../store/schema.ts';
import { mapResource } from './mapResource.ts';
import type { ControlParts, Resource, Shown } from './types.ts';

const entries = mapResource('accounts', {
  columns: [],
  make: ({ now }) => ({ createdAt: new Date(now()).toISOString() }),
  onRemove: forgetAccount,
});

/** Accounts: those that admin.json or the configuration names, and whoever has a session, a server or a group. */
export const userResource: Resource = {
  ...entries,
  columns: ['key', 'admin', 'blocked', 'groups', 'sessions', 'servers', 'note'],
  list(parts) {
    const has = collect(parts);
    return namesOf(parts).map((name) => show(parts, name, has));
  },
  /** Whoever is known may be edited: the entry is made. */
  async edit(parts, key, fields) {
    if (fields['admin'] === false && parts.admins?.includes(key) === true)
      throw new GatewayError('request.conflict', {
        message: `${key} is an admin by the configuration.`,
        advice: 'Take the name out of access.admins, and restart the gateway.',
      });
    const known = parts.store.admin.data.accounts[key] !== undefined;
    if (!known && namesOf(parts).includes(key)) await entries.add(parts, key, fields);
    else await entries.edit(parts, key, fields);
  },
  async remove(parts, key) {
    await entries.remove(parts, key);
    await parts.endSessions?.(key);
  },
};

function namesOf({ store, admins = [] }: ControlParts): string[] {
  const { admin, state } = { admin: store.admin.data, state: store.state.data };
  const names = new Set([
    ...admins,
    ...Object.keys(admin.accounts),
    ...Object.values(admin.groups).flatMap(({ members }) => members),
    ...Object.values(state.servers).map(({ owner }) => owner),
    ...Object.values(state.sessions).map(({ account }) => account),
  ]);
  return [...names].sort((a, b) => a.localeCompare(b));
}

/** What each account has, collected once for all. */
function collect({ store, now }: ControlParts): (name: string) => Record<'groups' | 'sessions' | 'servers', unknown> {
  const { sessions, servers } = store.state.data;
  const counts = new Map<string, { groups: string[]; sessions: number; servers: string[] }>();
  const of = (name: string) => {
    const known = counts.get(name) ?? { groups: [], sessions: 0, servers: [] };
    counts.set(name, known);
    return known;
  };
  for (const [group, { members }] of Object.entries(store.admin.data.groups))
    for (const member of members) of(member).groups.push(group);
  for (const { account, revokedAt, expiresAt } of Object.values(sessions))
    if (revokedAt === null && Date.parse(expiresAt) > now()) of(account).sessions += 1;
  for (const { owner, name, phase } of Object.values(servers)) of(owner).servers.push(`${owner}/${name} ${phase}`);
  return of;
}

function show({ store, admins }: ControlParts, name: string, has: ReturnType<typeof collect>): Shown {
  const entry = store.admin.data.accounts[name];
  const admin = entry?.admin === true || admins?.includes(name) === true;
  return { key: name, blocked: false, ...entry, admin, ...has(name) };
}

/** With an account go its shares, memberships and wishes. */
function forgetAccount(draft: AdminData, name: string): void {
  for (const [id, { owner, grantee }] of Object.entries(draft.shares))
    if (owner === name || (grantee.kind === 'user' && grantee.name === name)) delete draft.shares[id];
  for (const group of Object.values(draft.groups))
    if (group.members.includes(name)) group.members = group.members.filter((member) => member !== name);
  for (const key of Object.keys(draft.servers)) if (key.startsWith(`${name}/`)) delete draft.servers[key];
}
