import { pamServiceFault, takesPasswords } from '../../../identity/signInMethods.ts';
import { createSystemUsers } from '../../../identity/systemUsers.ts';
import type { Check } from '../types.ts';

export const pam: Check = {
  name: 'PAM',
  async look({ config: { identity }, file, uid }) {
    if (!takesPasswords(identity, file === null)) return [];
    const { service } = identity.pam;
    const fault = pamServiceFault(service);
    if (fault !== undefined) throw fault;
    if (uid === 0) return [{ outcome: 'ok', what: `Passwords are checked by the service ${service}.` }];
    const me = await createSystemUsers().find(uid);
    return [
      {
        outcome: 'warn',
        what: `Only ${me?.name ?? 'the own user'} can sign in by password.`,
        why: 'Who is not root can have PAM check their own password alone.',
        advice: 'Run the gateway as root, or have people sign in by identity.oidc or identity.issuers.',
      },
    ];
  },
};
