import { randomBytes } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { readKeyFile } from '../../../identity/keyFile.ts';
import { createUrls } from '../../../urls.ts';
import { adviceUnreachable, fetchUnder, whyUnreachable } from '../network.ts';
import type { Check, Finding, Subject } from '../types.ts';

/**
 * The address that people use leads to this gateway, and a WebSocket gets through whatever stands in between. The
 * gateway's public keys tell it from others; a handshake at their address is refused by 404 where it has arrived as
 * one, and answered like a page where the header `Upgrade` was lost on the way.
 */
export const publicAddress: Check = {
  name: 'Public address',
  async look(subject, signal) {
    if (!subject.live) return [{ outcome: 'ok', what: `${subject.publicUrl} is tried when the gateway runs.` }];
    const url = addressOfKeys(subject.publicUrl);
    const page = await checkPage(subject, url, signal);
    return page.outcome === 'ok' ? [page, await checkWebSocket(url, signal)] : [page];
  },
};

function addressOfKeys(publicUrl: string): string {
  const urls = createUrls(publicUrl);
  return urls.origin + urls.hub('jwks.json');
}

async function checkPage({ publicUrl, config }: Subject, url: string, signal: AbortSignal): Promise<Finding> {
  const fault = (why: string, advice: string): Finding => ({
    outcome: 'fault',
    what: `${publicUrl} does not lead to this gateway.`,
    why,
    advice,
  });
  try {
    const response = await fetchUnder(signal)(url, { redirect: 'manual' });
    if (response.status !== 200) return fault(`${url} answered ${response.status}.`, inFront);
    const served = (await response.json()) as { keys?: { kid?: string }[] };
    const kids = new Set((served.keys ?? []).map(({ kid }) => kid));
    const own = await ownKeyIds(config.dataDir);
    if (own !== undefined && !own.some((kid) => kids.has(kid))) return fault('Another gateway answers there.', inFront);
    return { outcome: 'ok', what: `${publicUrl} leads to this gateway.` };
  } catch (error) {
    if (error instanceof SyntaxError) return fault('Something else answers there.', inFront);
    const why = whyUnreachable(error);
    return fault(why, adviceUnreachable(why));
  }
}

const inFront = 'Correct publicUrl, or the web server in front (docs/deploy.md).';

/** Undefined where they are another user's. */
async function ownKeyIds(dataDir: string): Promise<string[] | undefined> {
  const file = await readKeyFile(join(dataDir, 'identity-keys.json')).catch(() => undefined);
  return file?.session.map(({ jwk }) => jwk.kid);
}

async function checkWebSocket(url: string, signal: AbortSignal): Promise<Finding> {
  const status = await shakeHands(url, signal);
  if (status === 404) return { outcome: 'ok', what: 'WebSockets get through.' };
  return {
    outcome: 'fault',
    what: 'WebSockets do not get through: the Cylc GUI would stay empty.',
    why: `The handshake did not arrive as one (answer ${status}).`,
    advice: 'Have the web server in front pass on the headers Upgrade and Connection (docs/deploy.md).',
  };
}

function shakeHands(url: string, signal: AbortSignal): Promise<number> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    origin: new URL(url).origin,
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, signal });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode ?? 0);
    });
    asked.end();
  });
}
