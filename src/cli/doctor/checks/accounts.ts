import { createSystemUsers } from '../../../identity/systemUsers.ts';
import type { SystemUsers } from '../../../identity/systemUsers.ts';
import type { Check, Finding } from '../types.ts';
import { unknownGroups } from './unknownGroups.ts';

/** The system's user database answers, and knows those whom the configuration names as admins. */
export const accounts: Check = {
  name: 'Accounts',
  async look({ config, uid }) {
    const users = createSystemUsers();
    const me = await users.find(uid);
    if (me === undefined)
      return [
        {
          outcome: 'fault',
          what: `The system has no user with the uid ${uid}, which runs this.`,
          advice: 'Give it an entry in /etc/passwd (getent passwd tells what the system knows).',
        },
      ];
    const unknown = await Promise.all(config.access.admins.map((name) => adminFault(users, name)));
    const groups = await unknownGroups(config);
    return [
      { outcome: 'ok', what: `The user database answers; this runs as ${me.name}.` },
      ...unknown.flat(),
      ...groups,
    ];
  },
};

async function adminFault(users: SystemUsers, name: string): Promise<Finding[]> {
  if ((await users.find(name)) !== undefined) return [];
  return [
    {
      outcome: 'warn',
      what: `access.admins names ${name}, whom the system does not know.`,
      advice: 'Correct the name, or take it out: whoever gets an account of that name would be an admin.',
    },
  ];
}
