import { constants } from 'node:os';
import { systemCalls } from './systemCalls.ts';

/** Whose the new keyring becomes; `gateway` where the account is not known yet or the process stays the gateway's. */
export type KeyringOwner = { uid: number; gid: number } | 'gateway';

/** linux/keyctl.h */
const operation = { joinSessionKeyring: 1, chown: 4 } as const;

/**
 * Starts a process that is given a session keyring (session-keyring(7)) of its own, new and empty.
 *
 * setuid(2) does not change the session keyring: an account's process would go on with the gateway's, and whoever has a
 * keyring in its session may read what is in it, Kerberos tickets of root included. Credentials belong to the thread
 * (credentials(7)), and a child gets those of the thread that forks it. So this thread joins a new keyring, forks, and
 * joins another: never one that an account can put keys into. All before the account's first instruction.
 *
 * @throws where the kernel has keyrings and gives none (too many), or the C library cannot be called.
 */
export function inNewSessionKeyring<Started>(owner: KeyringOwner, start: () => Started): Started {
  const keyring = join();
  if (keyring === undefined) return start();
  // Without CAP_SYS_ADMIN it stays the gateway's: whose session it is may use it all the same.
  if (owner !== 'gateway') systemCalls().keyctl(operation.chown, keyring, owner.uid, owner.gid);
  try {
    return start();
  } finally {
    join();
  }
}

/** Undefined where there are no keyrings: not in this kernel (ENOSYS), or no process here may use them (EPERM). */
function join(): number | undefined {
  const { keyctl, errno } = systemCalls();
  const keyring = keyctl(operation.joinSessionKeyring, 0, 0, 0);
  if (keyring !== -1) return keyring;
  const fault = errno();
  if (fault === constants.errno.ENOSYS || fault === constants.errno.EPERM) return undefined;
  throw new Error(`no new session keyring: keyctl(2) failed with errno ${fault}`);
}
