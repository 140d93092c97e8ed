import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import type { Server } from 'node:net';
import { SetupError } from '../errors.ts';

/**
 * Listens on a socket that systemd has opened. No process that we start has it, since Node marks what it was given at its
 * start as its own (`uv_disable_stdio_inheritance`): one that had it could take visitors' connections, and their passwords.
 *
 * @throws SetupError where the descriptor is no socket that can be listened on
 */
export async function listenAtInherited(server: Server, descriptor: number): Promise<void> {
  try {
    if (!fstatSync(descriptor).isSocket()) throw new Error('it is no socket');
    server.listen({ fd: descriptor });
    await once(server, 'listening');
  } catch (cause) {
    throw new SetupError(`The socket that systemd has passed cannot be used: ${(cause as Error).message}.`, {
      advice: 'Look at the socket unit: ListenStream= with a path or a port, and Accept=no.',
      exitCode: 69,
      cause,
    });
  }
}
