import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GatewayProcess } from './gateway.ts';
import { until } from './until.ts';
import type { Answer, Visitor } from './visitor.ts';

/** Without Cylc on the PATH, a gateway offers the bundled stand-in. */
export const withoutCylc = { PATH: '/usr/bin:/bin' };

/** The account that the first printed link is for: whoever started the gateway. */
export function ownerOf(gateway: GatewayProcess): string {
  return [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
}

export async function signIn(gateway: GatewayProcess, as: Visitor, account: string): Promise<Answer> {
  return as.submit(await as.get(gateway.links().get(account) ?? ''));
}

/** Clicks through to the page of the account's own server; `base` has a slash behind. */
export async function startServer(gateway: GatewayProcess, as: Visitor, account: string, base = '/'): Promise<Answer> {
  await as.submit(await as.get(`${base}hub/spawn`), {}, /spawn/);
  return until(
    async () => {
      const page = await as.get(`${base}user/${account}/`);
      return page.body.includes('stand-in') && page.status === 200 ? page : undefined;
    },
    60_000,
    () => gateway.output(),
  );
}

/** Sends a line over the stand-in's WebSocket and returns whether it came back. */
export async function echoes(as: Visitor, account: string, base = '/'): Promise<boolean> {
  const socket = as.websocket(`${base}user/${account}/cylc/subscriptions`);
  const answers: string[] = [];
  socket.on('message', (data: Buffer) => answers.push(data.toString()));
  await once(socket, 'open');
  socket.send('there and back');
  await until(() => answers.some((text) => text.includes('there and back')));
  socket.terminate();
  return true;
}

/** Ends the gateway, and the servers that it leaves running. */
export async function endAll(gateway: GatewayProcess): Promise<void> {
  await gateway.end();
  const main = join(import.meta.dirname, '../../dist/src/main.js');
  const command = [main, 'servers', 'stop', '--all', '--data', gateway.dataDir];
  await promisify(execFile)(process.execPath, command, { cwd: gateway.dataDir });
}
