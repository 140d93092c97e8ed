import type { AccountCommands, CommandAccount } from '../spawners/accountCommands.ts';
import type { SilentJob } from './types.ts';

const maxJobs = 5;
const limits = { timeoutMs: 700, maxOutputBytes: 16 * 1024 };

/**
 * Prints, for workflows that run (by their contact file, Cylc's `max depth` deep), the newest of such jobs of today:
 * path of job.err, a tab, its first line, and a NUL. Cylc writes the time of a job's begin into job.status.
 */
const list = `
ulimit -v 524288 2> /dev/null
cd -- "$HOME/cylc-run" 2> /dev/null || exit 0
left=$1
for contact in */.service/contact */*/.service/contact */*/*/.service/contact */*/*/*/.service/contact; do
  [ -f "$contact" ] || continue
  workflow=\${contact%/.service/contact}
  find "$workflow/log/job" -mindepth 4 -maxdepth 4 -name job.err -size +0 -mmin -1440 2> /dev/null
done | while IFS= read -r err; do
  status=\${err%err}status
  [ -f "$status" ] || continue
  grep -q '^CYLC_JOB_INIT_TIME=' "$status" && continue
  printf '%s\\t%s\\0' "$err" "$(head -c 300 "$err" | head -n 1 | tr -d '\\0')"
  left=$((left - 1))
  [ "$left" -gt 0 ] || break
done
`;

/** Such jobs of the account, read as the account; none where that cannot be told in time. */
export async function findSilentJobs(commands: AccountCommands, account: CommandAccount): Promise<SilentJob[]> {
  const command = ['/bin/sh', '-c', list, 'jobs', String(maxJobs)];
  const { stdout } = await commands.run(account, command, limits);
  // Behind the last NUL is a part at most.
  return stdout
    .split('\0')
    .slice(0, -1)
    .flatMap((entry) => parse(entry) ?? []);
}

function parse(entry: string): SilentJob | undefined {
  const match = /^([^\t]+)\/log\/job\/([^/\t]+\/[^/\t]+\/\d+)\/job\.err\t(.*)$/s.exec(entry);
  if (match === null) return undefined;
  const [, workflow = '', job = '', error = ''] = match;
  return { id: `${workflow}//${job}`, error: error.trim() };
}
