import type { People } from '../store/judge.ts';
import { createSystemUsers } from './systemUsers.ts';

/** uid of nobody: the guest of a first run has no operating-system user. */
const nobody = 65_534;

/** The system's users as the store asks for them, when somebody has edited `admin.json`. */
export function createPeople({ users = createSystemUsers(), firstRun = false } = {}): People {
  return {
    list: async () => new Map((await users.list()).map(({ name, uid }) => [name, uid])),
    async uidOf(name) {
      if (firstRun && (name === 'guest' || name === 'gateway-guest')) return nobody;
      return (await users.find(name))?.uid;
    },
  };
}
