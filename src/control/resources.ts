import { randomUUID } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import { mapResource } from './mapResource.ts';
import { serverResource } from './serverResource.ts';
import type { ControlParts, Desk, Resource } from './types.ts';
import { userResource } from './userResource.ts';

const iso = ({ now }: ControlParts): string => new Date(now()).toISOString();

/** Everything that the commands and the control socket can list and change, by the name in their addresses. */
const resources: Readonly<Record<string, Resource>> = {
  users: userResource,
  servers: serverResource,
  groups: mapResource('groups', {
    columns: ['key', 'members'],
    make: (parts) => ({ members: [], createdAt: iso(parts) }),
    onRemove(draft, key) {
      const group = `local:${key}`;
      for (const [id, { grantee }] of Object.entries(draft.shares))
        if (grantee.kind === 'group' && grantee.name === group) delete draft.shares[id];
    },
  }),
  shares: mapResource('shares', {
    columns: ['key', 'owner', 'server', 'grantee', 'level', 'expiresAt', 'note'],
    newKey: () => randomUUID(),
    make: (parts, id) => ({ id, server: '', level: 'read', expiresAt: null, note: '', createdAt: iso(parts) }),
  }),
  announcements: mapResource('announcements', {
    columns: ['key', 'level', 'from', 'until', 'text'],
    newKey: () => randomUUID().slice(0, 8),
    make: (_, id) => ({ id, text: '', level: 'info', from: null, until: null }),
  }),
  services: mapResource('services', { columns: ['key', 'title', 'upstream', 'groups'], make: () => ({}) }),
  profiles: mapResource('profiles', { columns: ['key', 'visibleTo'], make: () => ({ visibleTo: [] }) }),
};

export function resourceOf(name: string): Resource {
  const resource = Object.hasOwn(resources, name) ? resources[name] : undefined;
  if (resource === undefined) throw new GatewayError('request.not-found');
  return resource;
}

export function createDesk(parts: ControlParts): Desk {
  return {
    list: (kind) => resourceOf(kind).list(parts),
    add: (kind, key, fields) => resourceOf(kind).add(parts, key, fields),
    edit: (kind, key, fields) => resourceOf(kind).edit(parts, key, fields),
    remove: (kind, key) => resourceOf(kind).remove(parts, key),
  };
}
