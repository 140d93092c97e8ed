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
  const where =
    'path' in at ? `the socket ${at.path}` : `${at.host === '' ? 'all addresses' : at.host} port ${at.port}`;
  const taken = codeOf(cause) === 'EADDRINUSE';
  const why = !taken
    ? (cause as Error).message
    : 'path' in at
      ? 'another program listens there'
      : 'another program has that port';
  return new SetupError(`Cannot listen on ${where}: ${why}.`, {
    advice:
      'path' in at
        ? 'Choose another path, or end the other program.'
        : 'Choose another port with --port, or end the other program.',
    exitCode: 69,
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
