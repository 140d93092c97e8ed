import { createHash, randomBytes } from 'node:crypto';
import { asServer, testCookie } from './hubWorld.ts';
import type { HubWorld } from './hubWorld.ts';

type Changes = Record<string, string | undefined>;

/** The steps of a sign-in at alice's server, each of which a test may bend. */
export interface Dance {
  env: Record<string, string>;
  verifier: string;
  authorize(as: string, change?: Changes, headers?: Record<string, string>): Promise<Response>;
  confirm(as: string, page: string, change?: Changes, headers?: Record<string, string>): Promise<Response>;
  trade(code: string, change?: Record<string, string>): Promise<Response>;
  /** The whole way: the token that the server gets for this visitor. */
  signIn(as: string): Promise<string>;
  user(token: string | undefined): Promise<Response>;
}

export const aliceKey = { owner: 'alice', name: '' };

/** `as` is `<account>.<session>`. */
export async function startDance(world: HubWorld, key = aliceKey): Promise<Dance> {
  const prefix = key.name === '' ? `/user/${key.owner}/` : `/user/${key.owner}/${key.name}/`;
  const account = world.people.get(key.owner);
  if (account === undefined) throw new Error(`no such person: ${key.owner}`);
  const env = await world.hub.contract.prepare({ key, account, prefix });
  const verifier = randomBytes(32).toString('base64url');
  const ask = (path: string, init?: RequestInit) => Promise.resolve(world.hub.app.request(path, init));
  const serverAsks = (path: string, init?: RequestInit) => Promise.resolve(world.hub.app.request(path, init, asServer));
  const query = (change: Record<string, string | undefined> = {}) =>
    withoutMissing({
      client_id: env['JUPYTERHUB_CLIENT_ID'],
      redirect_uri: `${prefix}oauth_callback`,
      response_type: 'code',
      state: 'some-state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...change,
    });

  const dance: Dance = {
    env,
    verifier,
    authorize: (as, change, headers) =>
      ask(`/oauth2/authorize?${query(change)}`, { headers: { cookie: `${testCookie}=${as}`, ...headers } }),
    confirm: (as, page, change, headers) =>
      ask(`/oauth2/authorize?${query(change)}`, {
        method: 'POST',
        headers: { cookie: `${testCookie}=${as}`, ...headers },
        body: new URLSearchParams({ _xsrf: /name="_xsrf" value="([^"]+)"/.exec(page)?.[1] ?? '' }),
      }),
    trade: (code, change = {}) =>
      serverAsks('/oauth2/token', {
        method: 'POST',
        body: new URLSearchParams({
          client_id: env['JUPYTERHUB_CLIENT_ID'] ?? '',
          client_secret: env['JUPYTERHUB_API_TOKEN'] ?? '',
          grant_type: 'authorization_code',
          redirect_uri: `${prefix}oauth_callback`,
          code,
          code_verifier: verifier,
          ...change,
        }),
      }),
    async signIn(as) {
      let answer = await dance.authorize(as);
      if (answer.status === 200) answer = await dance.confirm(as, await answer.text());
      const body = (await (await dance.trade(codeOf(answer))).json()) as { access_token: string };
      return body.access_token;
    },
    user: (token) => serverAsks('/user', token === undefined ? {} : { headers: { authorization: `token ${token}` } }),
  };
  return dance;
}

/** The code in a redirect back to the server. */
export function codeOf(answer: Response): string {
  const location = answer.headers.get('location') ?? '';
  return new URL(location, 'http://localhost').searchParams.get('code') ?? '';
}

function withoutMissing(fields: Record<string, string | undefined>): string {
  const kept = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(kept).toString();
}
