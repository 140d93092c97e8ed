import { chownSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { until } from './until.ts';

export type HostileAnswer = (request: IncomingMessage, response: ServerResponse) => void;

export interface HostileServer {
  /** What it answers; until then, an empty page. */
  answer: HostileAnswer;
  close(): void;
}

/**
 * A UI server that has turned against its visitors: takes the place of the one that runs, on its socket, as its owner
 * could.
 */
export async function takeOver(runtimeDir: string): Promise<HostileServer> {
  const [path = ''] = readdirSync(runtimeDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^\d+\/[^/]+\.sock$/.test(name))
    .map((name) => join(runtimeDir, name));
  const { uid, gid } = statSync(path);
  renameSync(path, `${path}.before`);
  await until(
    () => !isConnected(path),
    60_000,
    () => 'the gateway keeps its connections to the server before',
  );
  const hostile: HostileServer = { answer: (_, response) => page(response, ''), close };
  const server = createServer((request, response) => hostile.answer(request, response)).listen(path);
  await once(server, 'listening');
  chownSync(path, uid, gid);
  return hostile;

  function close(): void {
    server.closeAllConnections();
    server.close();
    rmSync(path, { force: true });
    renameSync(`${path}.before`, path);
  }
}

/** Whether somebody is connected to the socket that was bound as this path (proc_net_unix, state 03). */
function isConnected(path: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`) && line.split(' ')[5] === '03');
}

/** An HTML page, with headers of its server's own. */
export function page(response: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  response
    .writeHead(200, { 'content-type': 'text/html', ...headers })
    .end(`<!doctype html><title>hostile</title>${body}`);
}
