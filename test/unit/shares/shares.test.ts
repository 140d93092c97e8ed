import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createSiteAccess } from '../../../src/access/siteAccess.ts';
import type { SiteAccess } from '../../../src/access/siteAccess.ts';
import type { ConnectionInfo } from '../../../src/proxy/types.ts';
import { createShares } from '../../../src/shares/createShares.ts';
import type { ShareRequest } from '../../../src/shares/types.ts';
import { watchShares } from '../../../src/shares/watchShares.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { createMemoryServers } from '../../helpers/memoryServers.ts';
import { createMemoryStore } from '../../helpers/memoryStore.ts';
import type { MemoryStore } from '../../helpers/memoryStore.ts';
import { identityOf } from '../../helpers/pagesFixture.ts';

const log = createLog({ level: 'error', format: 'json' });
const start = Date.parse('2026-06-01T12:00:00Z');
const toBob: ShareRequest = {
  owner: 'alice',
  server: '',
  grantee: { kind: 'user', name: 'bob' },
  level: 'read',
  expiresAt: null,
  note: '',
};

let store: MemoryStore;
let access: SiteAccess;
const clock = { now: () => Date.now() };

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  store = createMemoryStore();
  access = createSiteAccess({
    policy: 'owner',
    adminAccess: false,
    shares: () => Object.values(store.admin.data.shares),
    onChange: (listener) => void store.admin.onChange(listener),
    now: () => clock.now(),
  });
  return () => void vi.useRealTimers();
});

function shares() {
  return createShares({
    admin: store.admin,
    accounts: { find: (name) => Promise.resolve(name === 'nobody' ? undefined : identityOf(name).account) },
    needsRestart: () => false,
    clock,
    log,
  });
}

describe('what may be shared', () => {
  test('sharing again with the same person changes the share', async () => {
    const first = await shares().grant(toBob, 'alice');
    const second = await shares().grant({ ...toBob, level: 'control', note: ' for the front ' }, 'alice');
    expect(second).toMatchObject({ id: first.id, level: 'control', note: 'for the front', createdAt: first.createdAt });
    expect(shares().list()).toHaveLength(1);
  });

  test.each<[string, Partial<ShareRequest>, string]>([
    ['oneself', { grantee: { kind: 'user', name: 'alice' } }, 'grantee'],
    ['nobody', { grantee: { kind: 'user', name: 'nobody' } }, 'grantee'],
    ['a group that the gateway does not have', { grantee: { kind: 'group', name: 'local:ops' } }, 'grantee'],
    ['a group of odd letters', { grantee: { kind: 'group', name: 'a b' } }, 'grantee'],
    ['an end that is past', { expiresAt: '2026-01-01T00:00:00.000Z' }, 'expires'],
    ['an end that is none', { expiresAt: 'soon' }, 'expires'],
    ['a long note', { note: 'x'.repeat(501) }, 'note'],
    ['a note with control characters', { note: 'a\u001Bb' }, 'note'],
  ])('refused, by its field: %s', async (_, change, field) => {
    const refused = shares().grant({ ...toBob, ...change }, 'alice');
    await expect(refused).rejects.toMatchObject({ code: 'request.invalid', fields: { [field]: expect.any(String) } });
    expect(shares().list()).toEqual([]);
  });

  test.each([
    ['wx', 'system:wx'],
    ['ops', 'local:ops'],
    ['claim:ops', 'claim:ops'],
  ])('group %s is %s', async (name, full) => {
    store.edit((draft) => void (draft.groups = { ops: { members: ['bob'] } }));
    const share = await shares().grant({ ...toBob, grantee: { kind: 'group', name } }, 'alice');
    expect(share.grantee.name).toBe(full);
  });
});

describe('how many one account may give', () => {
  const share = (index: number, more: object = {}) => ({ id: `s${index}`, createdAt: '', ...toBob, ...more });
  const fill = (count: number, more: object = {}): void =>
    store.edit((draft) => {
      for (let index = 0; index < count; index += 1)
        draft.shares[`s${index}`] = share(index, { server: `n${index}`, ...more });
    });
  const grantTo = (name: string) => shares().grant({ ...toBob, grantee: { kind: 'user', name } }, 'alice');
  const refused = {
    code: 'share.limit',
    status: 409,
    message: 'User alice has 500 shares already, and an account may have 500.',
  };

  test('no more than 500, also of grants at once; others are not disturbed, and a share that is there can be changed', async () => {
    fill(498);
    const settled = await Promise.allSettled(['carl', 'dora', 'eva', 'fred'].map(grantTo));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    await expect(grantTo('gina')).rejects.toMatchObject(refused);
    expect(Object.keys(store.admin.data.shares)).toHaveLength(500);
    await expect(shares().grant({ ...toBob, owner: 'root' }, 'root')).resolves.toMatchObject({ owner: 'root' });
    await expect(shares().grant({ ...toBob, server: 'n0', level: 'control' }, 'alice')).resolves.toMatchObject({
      id: 's0',
    });
    await shares().revoke(({ id }) => id === 's1', 'alice');
    await expect(grantTo('gina')).resolves.toMatchObject({ grantee: { name: 'gina' } });
  });

  test('what has ended makes room, and is not kept in any number', async () => {
    fill(500, { expiresAt: new Date(start - 1).toISOString() });
    await grantTo('carl');
    expect(Object.values(store.admin.data.shares)).toMatchObject([{ grantee: { name: 'carl' } }]);
  });

  test('what is written by hand is not refused, but counts', async () => {
    fill(600);
    expect(shares().list()).toHaveLength(600);
    await expect(grantTo('carl')).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('has 600 shares'),
    });
  });
});

describe('what a share gives', () => {
  const target = { kind: 'server', owner: 'alice', name: '' } as const;

  test('to start the server only where it says so', async () => {
    await shares().grant(toBob, 'alice');
    expect(access(identityOf('bob'), target).allowed).toBe(true);
    expect(access.mayStart(identityOf('bob'), target).allowed).toBe(false);
    await shares().grant({ ...toBob, mayStart: true }, 'alice');
    expect(access.mayStart(identityOf('bob'), target)).toMatchObject({ allowed: true, level: 'read' });
    expect(access.mayStart(identityOf('carol'), target).allowed).toBe(false);
    expect(access.mayStart(identityOf('alice'), target)).toMatchObject({ level: 'owner' });
  });

  test.each([
    [false, false],
    [true, true],
  ])('everyone may start everyone’s where the site says %s: %s', (everyoneMayStart, allowed) => {
    const rules = { adminAccess: false, shares: () => [], onChange: () => {}, now: () => start };
    const site = createSiteAccess({ ...rules, policy: 'everyone', everyoneMayStart });
    expect(site.mayStart(identityOf('bob'), target).allowed).toBe(allowed);
  });
});

describe('open connections', () => {
  function world() {
    const open: ConnectionInfo[] = ['alice', 'bob'].map((account) => ({
      sessionId: account,
      account,
      identity: identityOf(account, { groups: [] }),
      target: { kind: 'server', owner: 'alice', name: '' },
      expiresAt: Infinity,
    }));
    const closed: string[] = [];
    const closeWhere = (match: (info: ConnectionInfo) => boolean): number => {
      const gone = open.filter(match).map(({ account }) => account);
      closed.push(...gone);
      return gone.length;
    };
    const servers = createMemoryServers();
    const connections = { closeWhere, regroup: () => {} };
    const sessions = { onGroups: () => () => {} };
    const watch = watchShares({ admin: store.admin, access, servers, hop: { connections }, sessions, clock, log });
    return { closed, watch };
  }

  test('are closed when a share is taken back, and its owner’s stay', async () => {
    await shares().grant(toBob, 'alice');
    const { closed, watch } = world();
    await shares().grant({ ...toBob, level: 'control' }, 'alice');
    expect(closed).toEqual([]);
    await shares().revoke((share) => share.grantee.name === 'bob', 'alice');
    expect(closed).toEqual(['bob']);
    watch.close();
  });

  test('are closed when the share ends, by itself', async () => {
    const { closed, watch } = world();
    await shares().grant({ ...toBob, expiresAt: new Date(start + 60_000).toISOString() }, 'alice');
    vi.advanceTimersByTime(59_000);
    expect(closed).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(closed).toEqual(['bob']);
    watch.close();
  });

  test('are closed when an admin takes the visitor out of the group, by hand', async () => {
    store.edit((draft) => void (draft.groups = { ops: { members: ['bob'] } }));
    await shares().grant({ ...toBob, grantee: { kind: 'group', name: 'ops' } }, 'alice');
    const { closed, watch } = world();
    store.edit((draft) => void (draft.groups['ops'] = { members: [] }));
    expect(closed).toEqual(['bob']);
    watch.close();
  });
});
