import { becomeUser } from '../src/processes/becomeUser.ts';
import { findTool, toolPath } from '../src/processes/systemTools.ts';
import type { StartJob, Sudo } from './protocol.ts';

/**
 * The launcher: a shell text that is always the same, given its data as arguments (never pasted into it).
 *
 * `setsid --fork` lets go of the gateway: the waiter below is adopted by init, so neither the end of a thread nor that
 * of the gateway touches the server, and no zombie is left. The waiter claims the start (a file that may be made once:
 * a gateway that gave this start up after a crash makes it first, and then nothing is launched), runs the server in the
 * foreground (a shell's background jobs would ignore SIGINT for ever), and notes its exit code. The inner shell notes
 * its own pid and start time, which stay the server's, since all that follows replaces it in place.
 *
 * The server never has a file of ours open: what it says before its log is open, or where that cannot be, goes by a pipe
 * into a note of at most 2000 bytes. The server's PATH must not choose what root runs: not one bare name is in it.
 */
const inner = `
run=$1; shift
read -r stat < "/proc/$$/stat" || exit 126
echo "$stat" > "$run.pid" || exit 126
echo up >&3
exec 3>&-
exec "$@"
`;
const readNote = `{ "$dd" bs=1 count=2000 2> /dev/null; exec "$cat" > /dev/null; } < "$run.pipe" > "$run.note" 3>&- 4>&- &`;
const claim = `
umask 077
set -C
: > "$run.claim" || { echo cancelled >&3; exit 75; }
set +C
"$mkfifo" "$run.pipe"
`;
const tools = ['dd', 'cat', 'mkfifo', 'rm'] as const;
const takeTools = `dd=$1 cat=$2 mkfifo=$3 rm=$4; shift 4`;
const waiter = `
${takeTools}
inner=$1 run=$2; shift 2
${claim}
${readNote}
/bin/sh -c "$inner" launcher "$run" "$@" > /dev/null 2> "$run.pipe"
code=$?
exec 3>&-
echo "$code" > "$run.exit"
`;

/**
 * Runs as the account, which thereby has a log that is its own in every respect: its rights, its quota, its file. The
 * log of the start before is kept beside it. A link or pipe in the place of the log is moved aside like a log.
 */
const openLog = `
log=$1 mask=$2; shift 2
folder=\${log%/*}
[ -d "$folder" ] || { umask "$mask"; mkdir -p -- "\${folder%/*}"; } 2> /dev/null
umask 077
if fault=$({
  { [ -d "$folder" ] || mkdir -- "$folder"; } &&
  { { [ ! -e "$log" ] && [ ! -L "$log" ]; } || mv -f -- "$log" "$log.1"; } &&
  : >> "$log"
} 2>&1); then exec >> "$log" 2>&1; else echo "There is no log of this start: $fault" >&2; exec >&2; fi
umask "$mask"
exec "$@"
`;

/**
 * The same by sudo(8), whose helper (workers/sudo/become.py) notes the process by its standard output and opens the log.
 * The plan, with the secrets of the start, is open for it and gone.
 */
const sudoWaiter = `
${takeTools}
run=$1; shift
${claim}
exec 4< "$run.plan"
"$rm" -f "$run.plan"
"$mkfifo" "$run.out"
${readNote}
"$dd" bs=4096 count=1 < "$run.out" > "$run.pid" 2> /dev/null 3>&- 4>&- &
umask 022
"$@" <&4 > "$run.out" 2> "$run.pipe"
code=$?
umask 077
echo "$code" > "$run.exit"
`;

/** Program and arguments of the whole launch, or the name of a tool that is missing (all are util-linux or coreutils). */
export function launchCommand(job: StartJob): { ok: true; command: string[] } | { ok: false; missing: string } {
  if (job.sudo !== undefined) return sudoLaunch(job, job.sudo);
  const needed = [...tools, 'setsid', 'env', ...(job.user ? ['setpriv'] : []), ...(job.limits ? ['prlimit'] : [])];
  const missing = needed.find((name) => findTool(name) === undefined);
  if (missing !== undefined) return { ok: false, missing };
  const become = job.user ? becomeUser(job.user) : [];
  const limit = job.limits
    ? [toolPath('prlimit'), ...Object.entries(job.limits).map(([name, value]) => `--${name}=${value}`), '--']
    : [];
  // The folder is entered as the user: root may not be able to (NFS), and a home that hangs then hangs this process alone.
  const place = [
    toolPath('env'),
    ...['PWD', 'OLDPWD', 'SHLVL', '_'].flatMap((name) => ['-u', name]),
    '-C',
    job.cwd,
    '--',
  ];
  const mask = job.umask.toString(8).padStart(4, '0');
  const log = ['/bin/sh', '-c', openLog, 'launcher', job.logFile, mask];
  const server = [toolPath('setsid'), ...limit, ...become, ...log, ...place, ...job.command];
  const shell = ['/bin/sh', '-c', waiter, 'launcher', ...tools.map(toolPath), inner, job.runFile];
  return { ok: true, command: [toolPath('setsid'), '--fork', ...shell, ...server] };
}

function sudoLaunch({ runFile }: StartJob, sudo: Sudo): ReturnType<typeof launchCommand> {
  const missing = [...tools, 'setsid', 'sudo'].find((name) => findTool(name) === undefined);
  if (missing !== undefined) return { ok: false, missing };
  const shell = ['/bin/sh', '-c', sudoWaiter, 'launcher', ...tools.map(toolPath), runFile];
  return { ok: true, command: [toolPath('setsid'), '--fork', ...shell, ...sudoCommand(sudo)] };
}

/** The command line by which the gateway acts as this account; what to do goes to its standard input. */
export function sudoCommand({ helper, name }: Sudo): string[] {
  return [toolPath('sudo'), '-n', '-u', name, '--', helper];
}

/** sudo makes the account's own; nothing of the gateway's reaches it. */
export const sudoEnvironment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
