import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StartJob, Sudo } from './protocol.ts';

/**
 * The launcher: a shell text that is always the same, given its data as arguments (never pasted into it).
 *
 * `setsid --fork` lets go of the gateway: the waiter below is adopted by init, so neither the end of a thread nor that
 * of the gateway touches the server, and no zombie is left. The waiter claims the start (a file that may be made once:
 * a gateway that gave this start up after a crash makes it first, and then nothing is launched), runs the server in the
 * foreground (a shell's background jobs would ignore SIGINT for ever), and notes its exit code. The inner shell notes
 * its own pid and start time, which stay the server's, since all that follows replaces it in place.
 */
const inner = `
run=$1; shift
read -r stat < "/proc/$$/stat" || exit 126
echo "$stat" > "$run.pid" || exit 126
echo up >&3
exec 3>&-
exec "$@"
`;
const waiter = `
inner=$1 run=$2 log=$3 mask=$4; shift 4
umask 077
set -C
true > "$run.claim" || { echo cancelled >&3; exit 75; }
set +C
exec >> "$log" 2>&1
umask "$mask"
/bin/sh -c "$inner" launcher "$run" "$@"
code=$?
exec 3>&-
umask 077
echo "$code" > "$run.exit"
`;

/**
 * The same by sudo(8), whose helper (workers/sudo/become.py) notes the process by its standard output, which is our
 * file: the account cannot write there otherwise. The plan, with the secrets of the start, is open for it and gone.
 */
const sudoWaiter = `
run=$1 log=$2; shift 2
umask 077
set -C
true > "$run.claim" || { echo cancelled >&3; exit 75; }
set +C
exec 4< "$run.plan" 2>> "$log"
rm -f "$run.plan"
"$@" <&4 > "$run.pid"
code=$?
echo "$code" > "$run.exit"
`;

/** Absolute paths: the environment of the server, and with it its PATH, must not choose what root runs. */
const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

export function findTool(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Program and arguments of the whole launch, or the name of a tool that is missing (all are util-linux or coreutils). */
export function launchCommand(job: StartJob): { ok: true; command: string[] } | { ok: false; missing: string } {
  if (job.sudo !== undefined) return sudoLaunch(job, job.sudo);
  const needed = ['setsid', 'env', ...(job.user ? ['setpriv'] : []), ...(job.limits ? ['prlimit'] : [])];
  const missing = needed.find((name) => findTool(name) === undefined);
  if (missing !== undefined) return { ok: false, missing };
  const tool = (name: string): string => findTool(name) ?? name;
  const become = job.user
    ? [tool('setpriv'), `--reuid=${job.user.uid}`, `--regid=${job.user.gid}`, '--init-groups', '--']
    : [];
  const limit = job.limits
    ? [tool('prlimit'), ...Object.entries(job.limits).map(([name, value]) => `--${name}=${value}`), '--']
    : [];
  // The folder is entered as the user: root may not be able to (NFS), and a home that hangs then hangs this process alone.
  const place = [tool('env'), ...['PWD', 'OLDPWD', 'SHLVL', '_'].flatMap((name) => ['-u', name]), '-C', job.cwd, '--'];
  const server = [tool('setsid'), ...limit, ...become, ...place, ...job.command];
  const mask = job.umask.toString(8).padStart(4, '0');
  return {
    ok: true,
    command: [
      tool('setsid'),
      '--fork',
      '/bin/sh',
      '-c',
      waiter,
      'launcher',
      inner,
      job.runFile,
      job.logFile,
      mask,
      ...server,
    ],
  };
}

function sudoLaunch({ runFile, logFile }: StartJob, sudo: Sudo): ReturnType<typeof launchCommand> {
  const missing = ['setsid', 'sudo'].find((name) => findTool(name) === undefined);
  if (missing !== undefined) return { ok: false, missing };
  const shell = ['/bin/sh', '-c', sudoWaiter, 'launcher', runFile, logFile];
  return { ok: true, command: [findTool('setsid') ?? 'setsid', '--fork', ...shell, ...sudoCommand(sudo)] };
}

/** The command line by which the gateway acts as this account; what to do goes to its standard input. */
export function sudoCommand({ helper, name }: Sudo): string[] {
  return [findTool('sudo') ?? 'sudo', '-n', '-u', name, '--', helper];
}

/** sudo makes the account's own; nothing of the gateway's reaches it. */
export const sudoEnvironment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
