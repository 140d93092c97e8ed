import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { dirname, join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { boundPrivateServer } from '../listen/privateServer.ts';

/** Whoever may write to the socket may do everything: its folder and itself are the gateway's own user's (and root's). */
export function controlPath(runtimeDir: string): string {
  return join(runtimeDir, 'control', 'control.sock');
}

export async function listenForControl(app: Hono, runtimeDir: string): Promise<{ close(): Promise<void> }> {
  const path = controlPath(runtimeDir);
  // Closed before the socket is there, so that nobody gets in between its making and its chmod.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  await rm(path, { force: true });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((req, res) => void answer(req, res));
  boundPrivateServer(server, { by: 'socket', peerOf: undefined }, undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface ControlAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Rejects with Node's error (`code`: ENOENT, ECONNREFUSED, EACCES) where nobody listens. */
export function askControl(path: string, method: string, address: string, body?: object): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request({ socketPath: path, method, path: address, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject).on('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text || '{}') as Record<string, unknown> });
      });
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
