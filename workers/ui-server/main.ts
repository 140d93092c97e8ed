/**
 * Stand-in for Cylc's UI server where Cylc is not installed: the same environment, the same sign-in through the Hub,
 * pages and a WebSocket at the same addresses. `node main.ts --sock=<path>`.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHubClient } from './hubClient.ts';
import { serveLive } from './live.ts';
import { renderPage } from './page.ts';
import { readSettings } from './settings.ts';
import { createSignIn } from './signIn.ts';

/** hubapp's own pauses between its five tries to reach the Hub, ms. */
const retryMs = [2000, 4000, 8000, 16_000];
const activityMs = 300_000;

const settings = readSettings(process.argv.slice(2), process.env);
const hub = createHubClient(settings);
const signIn = createSignIn(settings, hub);

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error('request failed:', error);
    if (!response.headersSent) response.writeHead(502);
    response.end('The Hub cannot be asked who you are.\n');
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '', 'http://server');
  const path = pathname.startsWith(settings.prefix) ? pathname.slice(settings.prefix.length) : undefined;
  if (path === 'api') return void response.writeHead(200, json).end('{"version": "stand-in"}\n');
  if (path === 'oauth_callback') return signIn.finish(request, response);
  const visitor = await signIn.visitor(request);
  if (visitor === undefined) {
    if (request.method === 'GET' && path !== undefined) return signIn.begin(request, response);
    return void response.writeHead(403).end('Not signed in at this server.\n');
  }
  if (path === '' || path === 'cylc')
    return void response.writeHead(302, { location: `${settings.prefix}cylc/` }).end();
  if (path === 'cylc/userprofile')
    return void response.writeHead(200, json).end(JSON.stringify({ name: visitor.name, owner: settings.owner }));
  if (path !== 'cylc/') return void response.writeHead(404).end('Not found.\n');
  const page = await renderPage(settings, visitor);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(page);
}

const json = { 'content-type': 'application/json' };
const endLive = serveLive(server, settings, signIn);

async function checkHub(): Promise<void> {
  for (const waitMs of [...retryMs, undefined])
    try {
      return await hub.check();
    } catch (error) {
      if (waitMs === undefined) throw error;
      await sleep(waitMs);
    }
}

function reportActivity(): void {
  hub.reportActivity().catch((error: unknown) => console.error('activity not reported:', error));
}

function stop(): void {
  endLive();
  server.close(() => process.exit(0));
  server.closeAllConnections();
}

process.once('SIGTERM', stop);
rmSync(settings.sock, { force: true });
process.umask(settings.sockMode === undefined ? 0o077 : 0o777 & ~settings.sockMode);
server.listen(settings.sock, () => console.log(`stand-in server of ${settings.owner} listens at ${settings.sock}`));
await checkHub();
reportActivity();
setInterval(reportActivity, activityMs).unref();
