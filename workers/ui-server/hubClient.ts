import { request } from 'node:http';
import type { RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Settings } from './settings.ts';

export interface Visitor {
  name: string;
  displayName: string;
}

export interface HubClient {
  /** Rejects where the Hub cannot be reached or answers with an error. */
  check(): Promise<void>;
  reportActivity(): Promise<void>;
  trade(fields: Record<string, string>): Promise<string>;
  /** The visitor, where the token is live and may open this server. */
  whoIs(token: string): Promise<Visitor | undefined>;
}

/** How long an answer about a token is believed. */
const cacheMs = 30_000;

export function createHubClient(settings: Settings): HubClient {
  const cache = new Map<string, { visitor: Promise<Visitor | undefined>; until: number }>();
  const own = { authorization: `token ${settings.apiToken}` };
  const call = async (
    url: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) => {
    const answer = await exchange(url, options);
    if (answer.status >= 400 && answer.status !== 403) throw new Error(`the Hub answered ${answer.status}`);
    return answer;
  };

  async function ask(token: string): Promise<Visitor | undefined> {
    const answer = await call(`${settings.apiUrl}/user`, { headers: { authorization: `token ${token}` } });
    if (answer.status === 403) return undefined;
    const model = JSON.parse(answer.body) as { name: string; display_name?: string; scopes: string[] };
    if (!settings.accessScopes.some((scope) => model.scopes.includes(scope))) return undefined;
    return { name: model.name, displayName: model.display_name ?? model.name };
  }

  return {
    check: async () => void (await call(settings.apiUrl)),
    async reportActivity() {
      if (settings.activityUrl === undefined) return;
      const now = new Date().toISOString();
      const body = JSON.stringify({ servers: { [settings.serverName]: { last_activity: now } }, last_activity: now });
      await call(settings.activityUrl, { method: 'POST', headers: own, body });
    },
    async trade(fields) {
      const form = { client_id: settings.clientId, client_secret: settings.apiToken, ...fields };
      const answer = await call(`${settings.apiUrl}/oauth2/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ ...form, grant_type: 'authorization_code' }).toString(),
      });
      return (JSON.parse(answer.body) as { access_token: string }).access_token;
    },
    whoIs(token) {
      const known = cache.get(token);
      if (known !== undefined && known.until > Date.now()) return known.visitor;
      const visitor = ask(token);
      cache.set(token, { visitor, until: Date.now() + cacheMs });
      visitor.catch(() => cache.delete(token));
      return visitor;
    },
  };
}

function exchange(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { body = '', ...rest } = options;
    const headers = { ...rest.headers, 'content-length': String(Buffer.byteLength(body)) };
    const send = url.startsWith('https:') ? secureRequest : request;
    const out = send({ ...address(url), ...rest, headers, timeout: 30_000 }, (answer) => {
      text(answer).then((content) => resolve({ status: answer.statusCode ?? 500, body: content }), reject);
    });
    out.on('timeout', () => out.destroy(new Error('the Hub did not answer in 30 s')));
    out.on('error', reject);
    out.end(body);
  });
}

/** `http+unix://<percent-encoded path of a socket>/…` as well as plain addresses. */
function address(url: string): RequestOptions {
  const { protocol, host, hostname, port, pathname, search } = new URL(url);
  const path = pathname + search;
  return protocol === 'http+unix:'
    ? { socketPath: decodeURIComponent(host), path }
    : { host: hostname, ...(port === '' ? {} : { port }), path };
}
