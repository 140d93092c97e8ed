import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createAccounts } from '../../../src/identity/accounts.ts';
import { firstRunLinks } from '../../../src/identity/firstRunLinks.ts';
import type { SystemUser, SystemUsers } from '../../../src/identity/systemUsers.ts';
import { createMemoryStore } from '../../helpers/memoryStore.ts';

const user = (name: string, uid: number): SystemUser => {
  return { name, uid, gid: uid, displayName: name, home: `/home/${name}`, shell: '/bin/sh' };
};
const root = user('root', 0);
const people = [user('ann', 1001), user('bob', 1002), user('cy', 1003)];

/** A machine on which `trouble` is asked whenever somebody's groups are. */
function linksOn(trouble: (name: string, here: Map<string | number, SystemUser>) => void) {
  const here = new Map<string | number, SystemUser>();
  for (const one of [root, ...people]) here.set(one.name, one).set(one.uid, one);
  const users: SystemUsers = {
    find: (key) => Promise.resolve(here.get(key)),
    list: () => Promise.resolve([root, ...people]),
    groups: async (name) => {
      await Promise.resolve();
      trouble(name, here);
      return [];
    },
  };
  const { admin } = createMemoryStore();
  const accounts = createAccounts({ admin, clock: systemClock, users, firstRun: true, ownUid: 0 });
  const warned: object[] = [];
  const log = { warn: (fields: object, message: string) => void warned.push({ ...fields, message }) };
  const links = firstRunLinks({ accounts, log, issue: (name) => `link-of-${name}` });
  return links.then((all) => ({ names: all.map(({ account }) => account), warned }));
}

test('started by root, the ordinary accounts and a guest have links', async () => {
  expect(await linksOn(() => {})).toEqual({ names: ['ann', 'bob', 'cy', 'guest'], warned: [] });
});

test('an account that is removed meanwhile has none, and the others do', async () => {
  const { names } = await linksOn((name, here) => {
    if (name !== 'bob') return;
    for (const key of ['bob', 1002]) here.delete(key);
    throw new Error("Command failed: id -G -- bob\nid: 'bob': no such user");
  });
  expect(names).toEqual(['ann', 'cy', 'guest']);
});

test('where the system cannot tell of one, the log says of whom, and the others have links', async () => {
  const { names, warned } = await linksOn((name) => {
    if (name === 'cy') throw new Error('the directory is away');
  });
  expect(names).toEqual(['ann', 'bob', 'guest']);
  expect(warned).toEqual([
    expect.objectContaining({ account: 'cy', message: expect.stringContaining('no sign-in link') }),
  ]);
});
