import type { Identity } from '../access/types.ts';
import type { Servers } from '../servers/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { DeepReadonly } from '../store/types.ts';
import type { Announcement, SharedServer } from './homePage.tsx';

/** Announcements whose time it is, the gravest first. `now` in ms since 1970. */
export function announcementsNow(admin: DeepReadonly<AdminData>, now: number): Announcement[] {
  const rank = { danger: 0, warning: 1, info: 2 };
  return Object.values(admin.announcements)
    .filter(
      ({ from, until }) => (from === null || Date.parse(from) <= now) && (until === null || now < Date.parse(until)),
    )
    .sort((a, b) => rank[a.level] - rank[b.level]);
}

/** Servers shared with this person or one of their groups, each once, with the better of several grants. */
export function sharedWith(
  who: Identity,
  admin: DeepReadonly<AdminData>,
  servers: Servers,
  now: number,
): SharedServer[] {
  const found = new Map<string, SharedServer>();
  for (const share of Object.values(admin.shares)) {
    const { owner, server: name, grantee, level, expiresAt, note } = share;
    const mine =
      grantee.kind === 'user' ? grantee.name === who.account.name : who.account.groups.includes(grantee.name);
    if (!mine || owner === who.account.name || (expiresAt !== null && !(Date.parse(expiresAt) > now))) continue;
    const key = `${owner}/${name}`;
    if (found.get(key)?.level === 'control') continue;
    found.set(key, { owner, name, level, expiresAt, note, view: servers.get({ owner, name }) });
  }
  return [...found.values()].sort((a, b) => a.owner.localeCompare(b.owner) || a.name.localeCompare(b.name));
}
