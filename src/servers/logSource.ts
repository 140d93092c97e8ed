import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AccountCommands, CommandAccount } from '../spawners/accountCommands.ts';

/** A part of a log. */
export interface LogPart {
  /** Changes with the file. */
  id: string;
  /** Of the file, bytes. */
  size: number;
  /** Where the part begins, bytes. */
  at: number;
  /** As Latin-1: a letter of several bytes may be cut in two. */
  text: string;
}

/** Where to begin: so many bytes from the start of the file, or before its end. */
export type LogPlace = { at: number } | { last: number };

/** Reads at most `most` bytes of a log. Undefined: there is none, or it cannot be read now. */
export type LogSource = (path: string, place: LogPlace, most: number) => Promise<LogPart | undefined>;

/** A log that the gateway's own user has written: opened by no link, and whatever lies there, without waiting for it. */
export const readOwnLog: LogSource = async (path, place, most) => {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) return undefined;
    const { size, ino } = found;
    const at = beginOf(place, size);
    const length = Math.max(0, Math.min(most, size - at));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    return { id: String(ino), size, at, text: buffer.toString('latin1', 0, bytesRead) };
  } finally {
    await file.close();
  }
};

function beginOf(place: LogPlace, size: number): number {
  if ('last' in place) return Math.max(0, size - place.last);
  // It was cut meanwhile.
  return place.at > size ? 0 : place.at;
}

/** First a line with number, size and begin, then the bytes. What is no regular file is not opened. */
const script = `
log=$1 at=$2 last=$3 most=$4
[ -f "$log" ] || exit 0
exec < "$log" || exit 0
set -- $(stat -L -c '%i %s' /proc/self/fd/0)
[ "$last" -eq 0 ] || at=$(($2 > last ? $2 - last : 0))
[ "$at" -le "$2" ] || at=0
echo "$1 $2 $at"
tail -c "+$((at + 1))" | head -c "$most"
`;
const timeoutMs = 3000;

/** A log of an account, in a folder of that account: read as the account, which alone decides what it may read. */
export function readAsAccount(commands: AccountCommands, account: CommandAccount): LogSource {
  return async (path, place, most) => {
    const [at, last] = 'at' in place ? [place.at, 0] : [0, place.last];
    const command = ['/bin/sh', '-c', script, 'log', path, String(at), String(last), String(most)];
    const limits = { timeoutMs, maxOutputBytes: most + 200, encoding: 'latin1' } as const;
    const { stdout, fault } = await commands.run(account, command, limits);
    const head = fault === null ? /^(\d+) (\d+) (\d+)\n/.exec(stdout) : null;
    if (head === null) return undefined;
    const [line, id = '', size, begin] = head;
    return { id, size: Number(size), at: Number(begin), text: stdout.slice(line.length) };
  };
}
