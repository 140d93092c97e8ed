import type { Account } from '../access/types.ts';
import type { AccountCommands } from '../spawners/accountCommands.ts';

/**
 * Says two masks: that of the session (pam_umask(8): of the account, of the module, of /etc/login.defs), and what the login
 * shell makes of it with its profiles, as `su -l` would. A profile that takes long is not waited for, nor what it leaves
 * running in the background, which holds on to the output.
 */
const script = `
shell=$1
mask=$(sed -n 's/^[[:blank:]]*UMASK[[:blank:]]\\{1,\\}\\([0-7]\\{1,4\\}\\).*/\\1/p' /etc/login.defs 2> /dev/null | tail -n 1)
cd /etc/pam.d 2> /dev/null || cd /
pam=$(cat su-l su login common-session system-auth postlogin 2> /dev/null | sed -n '/^[^#].*pam_umask\\.so/p')
own=$(printf '%s\\n' "$pam" | sed -n 's/.*[[:blank:]]umask=\\([0-7]\\{1,4\\}\\).*/\\1/p' | head -n 1)
mask=\${own:-\${mask:-022}}
own=$(getent passwd "$USER" | cut -d : -f 5 | tr , '\\n' | sed -n 's/^umask=\\([0-7]\\{1,4\\}\\)$/\\1/p')
mask=0\${own:-$mask}
case " $pam" in
  *' usergroups'*)
    if [ "$(id -u)" -ne 0 ] && [ "$(id -un)" = "$(id -gn)" ]; then
      mask=$(printf '0%o' "$(((mask & 0707) | ((mask & 0700) >> 3)))")
    fi ;;
esac
umask "$mask"
umask
case $shell in
  */bash | */dash | */ksh | */sh | */zsh) ;;
  *) shell=/bin/sh ;;
esac
cd -- "$HOME" 2> /dev/null
timeout -k 1 4 "$shell" -l -c 'echo; echo "umask=$(umask)"' < /dev/null 2> /dev/null | sed -n '/^umask=[0-7]*$/{s/umask=//p;q;}'
`;
const limits = { timeoutMs: 8000, maxOutputBytes: 4096 };
/** Where it cannot be told: what is closed can be opened. */
const closed = 0o077;
/** Profiles change seldom; what they do may take long. */
const freshMs = 10 * 60_000;

/** The umask that an account has in its own shell: its servers get it, and the workflows that they start inherit it. */
export interface Umasks {
  of(account: Account): Promise<number>;
}

export function createUmasks(commands: AccountCommands): Umasks {
  const known = new Map<string, { atMs: number; umask: Promise<number> }>();
  return {
    of(account) {
      const id = `${account.uid} ${account.name} ${account.shell}`;
      const last = known.get(id);
      if (last !== undefined && performance.now() - last.atMs < freshMs) return last.umask;
      const asked = ask(commands, account);
      const umask = asked.then((answer) => answer ?? closed);
      known.set(id, { atMs: performance.now(), umask });
      void asked.then((answer) => answer === undefined && known.delete(id));
      return umask;
    },
  };
}

async function ask(commands: AccountCommands, account: Account): Promise<number | undefined> {
  const { stdout } = await commands.run(account, ['/bin/sh', '-c', script, 'umask', account.shell], limits);
  const masks = stdout.split('\n').filter((line) => /^0?[0-7]{3}$/.test(line));
  const last = masks.slice(0, 2).at(-1);
  return last === undefined ? undefined : Number.parseInt(last, 8);
}
