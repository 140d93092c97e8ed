import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createAccounts } from '../../../src/identity/accounts.ts';
import { firstRunLinks } from '../../../src/identity/firstRunLinks.ts';
import type { SystemUser, SystemUsers } from '../../../src/identity/systemUsers.ts';
import { createMemoryStore } from '../../helpers/memoryStore.ts';

const user = (name: string, uid: number): SystemUser => {
  return { name, uid, gid: uid, displayName: name, home: `/home/${name}`, shell: '/bin/sh' };
};
const here = [user('root', 0), user('ann', 1001), user('bob', 1002)];

async function linksFor({ ownUid, sudoUser, away }: { ownUid: number; sudoUser?: string; away?: string }) {
  const users: SystemUsers = {
    find: (key) => Promise.resolve(here.find(({ name, uid }) => name === key || uid === key)),
    list: () => Promise.resolve(here),
    groups: (name) => (name === away ? Promise.reject(new Error('the directory is away')) : Promise.resolve([])),
  };
  const { admin } = createMemoryStore();
  const accounts = createAccounts({ admin, clock: systemClock, users, firstRun: true, ownUid });
  const warned: object[] = [];
  const log = { warn: (fields: object, message: string) => void warned.push({ ...fields, message }) };
  const links = await firstRunLinks({ accounts, log, sudoUser, issue: (name) => `link-of-${name}` });
  return { names: links.map(({ account }) => account), warned, warning: links[0]?.warning };
}

test('who starts the gateway has a link, and a guest; no other account of the machine', async () => {
  expect((await linksFor({ ownUid: 1001 })).names).toEqual(['ann', 'guest']);
  const root = await linksFor({ ownUid: 0 });
  expect(root.names).toEqual(['root', 'guest']);
  expect(root.warning).toMatch(/This is root/);
});

test('behind sudo it is who called it; the variable counts for root alone', async () => {
  expect((await linksFor({ ownUid: 0, sudoUser: 'bob' })).names).toEqual(['bob', 'guest']);
  expect((await linksFor({ ownUid: 1001, sudoUser: 'bob' })).names).toEqual(['ann', 'guest']);
  expect((await linksFor({ ownUid: 0, sudoUser: 'nobody-here' })).names).toEqual(['root', 'guest']);
});

test('where the system cannot tell of the caller, the log says so', async () => {
  const { names, warned } = await linksFor({ ownUid: 0, sudoUser: 'bob', away: 'bob' });
  expect(names).toEqual(['root', 'guest']);
  expect(warned).toEqual([expect.objectContaining({ account: 'bob' })]);
});
