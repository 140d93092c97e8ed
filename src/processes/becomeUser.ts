import { readFileSync } from 'node:fs';
import { toolPath } from './systemTools.ts';

/** User and group of the kernel that own nothing; every distribution names them `nobody`. */
export const nobody = { uid: 65_534, gid: 65_534 } as const;

/**
 * The command line by which a process of root becomes a user, with all groups of the system's user database, and runs
 * what follows. setuid(2) clears what capabilities root has (setpriv does so whatever the securebits say), except the
 * inheritable ones (capabilities(7)).
 */
export function becomeUser({ uid, gid }: { uid: number; gid: number }, further: readonly string[] = []): string[] {
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
  return [...resetProcess(uid), toolPath('setpriv'), ...ids, ...dropCapabilities(), ...further, '--'];
}

/** The same for a program that root asks something of without trusting it: no groups, and no way to gain anything by exec. */
export function becomeNobody(): string[] {
  return becomeUid(nobody.uid);
}

/** The same for what needs the user alone, such as signals to its processes. */
export function becomeUid(uid: number): string[] {
  const ids = [`--reuid=${uid}`, `--regid=${nobody.gid}`, '--clear-groups', '--no-new-privs'];
  return [toolPath('setpriv'), ...ids, ...dropCapabilities(), '--'];
}

/** No account needs these of the gateway's: see `resetProcess`. */
const reset = `
[ -z "$1" ] || { echo "$1" > /proc/self/oom_score_adj; } 2>/dev/null
[ -z "$2" ] || { echo "$2" > /proc/self/loginuid; } 2>/dev/null
shift 2
exec "$@"
`;
const noLogin = '4294967295';

/**
 * What neither setuid(2) nor exec resets, where the gateway has it: the protection of its unit against the killer of
 * processes when memory ends (proc(5), `oom_score_adj`), and the administrator in whose login it was started, to whom
 * audit(8) would put down what the account does. Best effort: some kernels and containers have neither.
 */
function resetProcess(uid: number): string[] {
  const isProtected = Number(ofThisProcess('oom_score_adj')) < 0;
  const hasLogin = ![noLogin, ''].includes(ofThisProcess('loginuid'));
  if (!isProtected && !hasLogin) return [];
  return ['/bin/sh', '-c', reset, 'reset', isProtected ? '0' : '', hasLogin ? String(uid) : ''];
}

function ofThisProcess(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'latin1').trim();
  } catch {
    return '';
  }
}

/** Only where there are any: setpriv refuses `all` where the kernel knows more capabilities than it does. */
function dropCapabilities(): string[] {
  const inheritable = /^CapInh:\s*([0-9a-f]+)/m.exec(ofThisProcess('status'))?.[1];
  return inheritable !== undefined && /^0+$/.test(inheritable) ? [] : ['--inh-caps=-all'];
}
