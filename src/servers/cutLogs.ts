import type { AccountCommands, CommandAccount } from '../spawners/accountCommands.ts';

/** A log that is longer is cut to its last part, bytes. */
const most = 16 * 1024 * 1024;
const kept = 1024 * 1024;

/**
 * For each log: keeps its end beside it, empties it, and puts the end back. It is appended to, and so goes on behind that.
 * On a disk that is full the end is lost.
 */
const script = `
most=$1 kept=$2; shift 2
umask 077
for log; do
  [ -f "$log" ] && [ ! -L "$log" ] && size=$(stat -c %s -- "$log") && [ "$size" -gt "$most" ] || continue
  tail -c "$kept" -- "$log" > "$log.end"
  : > "$log"
  cat -- "$log.end" >> "$log"
  rm -f -- "$log.end"
done
`;

/** Cuts logs of one account that are too long, as that account: what is no log of its own it cannot harm. */
export async function cutLogs(
  commands: AccountCommands,
  account: CommandAccount,
  paths: readonly string[],
): Promise<void> {
  const all = paths.flatMap((path) => [path, `${path}.1`]);
  const command = ['/bin/sh', '-c', script, 'cut', String(most), String(kept), ...all];
  if (all.length > 0) await commands.run(account, command, { timeoutMs: 10_000, maxOutputBytes: 4096 });
}
