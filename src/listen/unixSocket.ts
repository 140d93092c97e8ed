import { chmod, chown, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { SetupError } from '../errors.ts';
import { runProgram } from '../processes/childProcess.ts';
import { toolPath } from '../processes/systemTools.ts';
import { listenAt } from './listening.ts';

export interface UnixListening {
  path: string;
  /** Octal digits. */
  mode: string;
  group: string | undefined;
}

/** Opens the socket for those alone who may connect. Throws `SetupError` where it cannot, or others could take it away. */
export async function listenAtSocket(server: Server, { path, mode, group }: UnixListening): Promise<void> {
  const gid = group === undefined ? undefined : await gidOf(group);
  await checkFolder(dirname(path));
  // Closed to everybody from its first moment; `listen` makes the file before it returns.
  const before = process.umask(0o777);
  const listening = listenAt(server, { path });
  process.umask(before);
  await listening;
  try {
    if (gid !== undefined) await chown(path, process.geteuid?.() ?? 0, gid);
    await chmod(path, Number.parseInt(mode, 8));
  } catch (cause) {
    throw new SetupError(
      `The socket ${path} cannot be given to the group ${group ?? ''}: ${(cause as Error).message}.`,
      {
        advice: 'Put the user of the gateway into that group, or run the gateway as root.',
        exitCode: 77,
        cause,
      },
    );
  }
}

/** In a folder that others can write to, another account could put its own socket there. */
async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((cause: unknown) => {
    throw new SetupError(`The folder of listen.socket is not there: ${folder}.`, {
      advice: 'Make it, or have systemd make it (RuntimeDirectory=cylc-gateway).',
      exitCode: 73,
      cause,
    });
  });
  const isOurs = found.uid === 0 || found.uid === (process.geteuid?.() ?? 0);
  if (isOurs && (found.mode & 0o022) === 0) return;
  throw new SetupError(
    `Other accounts can write to ${folder}, and put a socket of their own in place of listen.socket.`,
    {
      advice:
        'Name a folder that belongs to root or the gateway, and that nobody else can write to: /run/cylc-gateway.',
      exitCode: 73,
    },
  );
}

async function gidOf(group: string): Promise<number> {
  const { stdout } = await runProgram([toolPath('getent'), 'group', group], { timeout: 10_000 }).catch(
    (cause: unknown) => {
      throw new SetupError(`listen.socketGroup is ${group}, but the system knows no such group.`, {
        advice: 'Name the group of the web server: www-data for nginx and Apache, haproxy for HAProxy on Debian.',
        cause,
      });
    },
  );
  return Number(stdout.split(':')[2]);
}
