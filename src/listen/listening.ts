import { once } from 'node:events';
import { unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { SetupError } from '../errors.ts';

/** Where a server listens: a TCP port (`host` empty for all addresses), or a unix socket. */
export type Listening = { host: string; port: number } | { path: string };

/** Resolves once the server listens. Throws a `SetupError` that says why it cannot. */
export async function listenAt(server: Server, at: Listening): Promise<void> {
  try {
    await listenOnce(server, at);
  } catch (error) {
    if (!('path' in at) || codeOf(error) !== 'EADDRINUSE' || (await answers(at.path))) throw cannotListen(at, error);
    await unlink(at.path);
    await listenOnce(server, at).catch((again: unknown) => {
      throw cannotListen(at, again);
    });
  }
}

/** `http://127.0.0.1:8000`, or the path of a socket: for the log. */
export function describeListening(at: Listening, scheme: string): string {
  if ('path' in at) return at.path;
  const host = at.host === '' ? '*' : at.host.includes(':') ? `[${at.host}]` : at.host;
  return `${scheme}://${host}:${at.port}`;
}

async function listenOnce(server: Server, at: Listening): Promise<void> {
  if ('path' in at) server.listen(at.path);
  else server.listen({ port: at.port, ...(at.host === '' ? {} : { host: at.host }) });
  await once(server, 'listening');
}

/** A socket file stays behind when its program is killed; one that somebody still serves is not ours to take. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return codeOf(error) !== 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

function cannotListen(at: Listening, cause: unknown): SetupError {
  const { where, why, advice } = 'path' in at ? socketFault(at, cause) : portFault(at, cause);
  return new SetupError(`Cannot listen on ${where}: ${why}.`, { advice, exitCode: 69, cause });
}

function socketFault({ path }: { path: string }, cause: unknown) {
  const taken = codeOf(cause) === 'EADDRINUSE';
  const why = taken ? 'another program listens there' : (cause as Error).message;
  return { where: `the socket ${path}`, why, advice: 'Choose another path, or end the other program.' };
}

function portFault({ host, port }: { host: string; port: number }, cause: unknown) {
  const where = `${host === '' ? 'all addresses' : host} port ${port}`;
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return {
        where,
        why: 'another program has that port',
        advice: 'Choose another port with --port, or end the other program.',
      };
    case 'EACCES':
      return {
        where,
        why: 'ports below 1024 are for root',
        advice: 'Choose another with --port, and have a web server in front pass on to it (docs/deploy.md).',
      };
    case 'EADDRNOTAVAIL':
      return {
        where,
        why: 'this machine has no such address',
        advice: 'Correct listen.host (--host): `ip address` lists what there is.',
      };
    default:
      return { where, why: (cause as Error).message, advice: 'Choose another address or port with --host and --port.' };
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
