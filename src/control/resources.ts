import { randomUUID } from 'node:crypto';
import { mapResource } from './mapResource.ts';
import { serverResource } from './serverResource.ts';
import type { ControlParts, Resource } from './types.ts';
import { userResource } from './userResource.ts';

const iso = ({ now }: ControlParts): string => new Date(now()).toISOString();

/** Everything that the commands and the control socket can list and change, by the name in their addresses. */
export const resources: Readonly<Record<string, Resource>> = {
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
