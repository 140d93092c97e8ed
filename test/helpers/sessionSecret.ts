import koffi from 'koffi';

const sessionKeyring = -3;
const callNumbers: Readonly<Record<string, [keyctl: number, addKey: number]>> = { x64: [250, 248], arm64: [219, 217] };

/**
 * Gives this thread, and what it starts, a session keyring with a key of this name in it, as a login of root may hold
 * Kerberos tickets. False where this machine lets no process use keyrings.
 */
export function keepSessionSecret(name: string): boolean {
  const [keyctl, addKey] = callNumbers[process.arch] ?? [0, 0];
  const libc = koffi.load(null);
  const join = libc.func('long syscall(long, long, const char *)');
  const add = libc.func('long syscall(long, const char *, const char *, const char *, size_t, long)');
  if (join(keyctl, 1, null) === -1) return false;
  return add(addKey, 'user', name, 'hush', 4, sessionKeyring) !== -1;
}
