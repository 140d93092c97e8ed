import { describe, expect, test } from 'vitest';
import { createSiteAccess } from '../../../src/access/siteAccess.ts';
import type { SiteAccessParts } from '../../../src/access/siteAccess.ts';
import type { Account, Identity, Share } from '../../../src/access/types.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

function person(name: string, extra: Partial<Account> = {}, scopes?: readonly string[]): Identity {
  const account = { name, uid: 1, gid: 1, home: '/', shell: '', displayName: name, groups: [], admin: false, ...extra };
  return {
    account,
    sessionId: 's',
    issuer: 'us',
    expiresAt: 9e15,
    via: 'cookie',
    ...(scopes === undefined ? {} : { scopes }),
  };
}

function share(extra: Partial<Share> = {}): Share {
  const grantee = { kind: 'user', name: 'bob' } as const;
  const base = { id: 'x', owner: 'alice', server: '', grantee, level: 'read', expiresAt: null, note: '' } as const;
  return { ...base, createdAt: '2025-01-01T00:00:00Z', ...extra };
}

function site(extra: Partial<SiteAccessParts> & { list?: Share[] } = {}): ReturnType<typeof createSiteAccess> {
  return createSiteAccess({
    policy: 'owner',
    adminAccess: false,
    shares: () => extra.list ?? [],
    onChange: () => {},
    now: () => now,
    ...extra,
  });
}

const server = { kind: 'server', owner: 'alice', name: '' } as const;

describe('servers', () => {
  test('are their owner’s alone by default, whoever else asks', () => {
    expect(site()(person('alice'), server)).toMatchObject({ allowed: true, level: 'owner' });
    for (const other of [person('bob'), person('root', { admin: true }), person('Alice'), person('')])
      expect(site()(other, server)).toMatchObject({ allowed: false });
  });

  test('open to everyone where the site says so', () => {
    expect(site({ policy: 'everyone' })(person('bob'), server)).toMatchObject({ allowed: true, level: 'control' });
  });

  test('open to admins only where the site gives them access', () => {
    const admin = person('root', { admin: true });
    expect(site({ adminAccess: true })(admin, server)).toMatchObject({ allowed: true, level: 'admin' });
    expect(site({ adminAccess: true })(person('bob'), server)).toMatchObject({ allowed: false });
  });

  test('open by a share to a person or group, at its level, the higher one winning', () => {
    const group = share({ id: 'g', grantee: { kind: 'group', name: 'system:wx' }, level: 'control' });
    const access = site({ list: [share(), group] });
    expect(access(person('bob'), server)).toMatchObject({ allowed: true, level: 'read' });
    expect(access(person('bob', { groups: ['system:wx'] }), server)).toMatchObject({ allowed: true, level: 'control' });
    expect(access(person('eve', { groups: ['claim:wx', 'wx'] }), server)).toMatchObject({ allowed: false });
    expect(access(person('system:wx'), server)).toMatchObject({ allowed: false });
  });

  test('not by a share that has ended, is unreadable, or is of another server', () => {
    const list = [
      share({ expiresAt: '2025-12-31T23:59:59Z' }),
      share({ expiresAt: 'soon' }),
      share({ server: 'other' }),
      share({ owner: 'carol' }),
    ];
    expect(site({ list })(person('bob'), server)).toMatchObject({ allowed: false });
    expect(site({ list: [share({ expiresAt: '2026-01-01T00:00:01Z' })] })(person('bob'), server).allowed).toBe(true);
  });

  test('a share made later counts at once', () => {
    const list: Share[] = [];
    let changed = (): void => {};
    const access = site({ list, onChange: (listener) => (changed = listener) });
    expect(access(person('bob'), server).allowed).toBe(false);
    list.push(share());
    changed();
    expect(access(person('bob'), server).allowed).toBe(true);
  });

  test('by a token only within its scopes, even for the owner', () => {
    const covered = ['access:servers', 'access:servers!user=alice', 'access:servers!server=alice/'];
    for (const scope of covered) expect(site()(person('alice', {}, [scope]), server).allowed).toBe(true);
    const others = ['access:servers!server=alice/other', 'access:servers!user=al', 'access:services', 'self', ''];
    for (const scope of others) expect(site()(person('alice', {}, [scope]), server).allowed).toBe(false);
    expect(site()(person('alice', {}, []), server).allowed).toBe(false);
    expect(site()(person('bob', {}, ['access:servers']), server).allowed).toBe(false);
  });
});

describe('services', () => {
  const review = { kind: 'service', name: 'review' } as const;

  test('are open to every account unless groups are named', () => {
    expect(site()(person('bob'), review).allowed).toBe(true);
    const grouped = site({ serviceGroups: () => ['system:wx'] });
    expect(grouped(person('bob'), review).allowed).toBe(false);
    expect(grouped(person('bob', { groups: ['system:wx'] }), review).allowed).toBe(true);
    expect(grouped(person('root', { admin: true }), review).allowed).toBe(true);
  });

  test('by a token only within its scopes', () => {
    expect(site()(person('bob', {}, ['access:services!service=review']), review).allowed).toBe(true);
    expect(site()(person('bob', {}, ['access:services!service=other']), review).allowed).toBe(false);
  });
});
