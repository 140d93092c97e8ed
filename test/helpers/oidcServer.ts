/**
 * An OpenID provider as a process of its own, for tests: `node oidcServer.ts '<JSON of OidcServerSetup>'`. It prints its
 * address, and is told by lines of JSON on its standard input how to behave. Whoever comes with the header `x-test-user`
 * is signed in as that person, with the claims of `people`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';

export interface OidcServerSetup {
  redirectUris: string[];
  logoutUri: string;
  backChannelUri: string;
  people: Record<string, Record<string, unknown>>;
  accessTokenLifetimeS?: number;
}

export type OidcServerOrder =
  | { how: 'well' | 'down' | 'slow' | 'broken' }
  | { rotate: true }
  | { clockOffsetS: number }
  /** What it says of somebody from now on; what is undefined it leaves out. */
  | { claims: Record<string, Record<string, unknown>> }
  /** Says the groups at its userinfo endpoint alone. */
  | { groupsInIdToken: boolean }
  | { forget: string };

const setup = JSON.parse(process.argv[2] ?? '') as OidcServerSetup;
const realNow = Date.now.bind(Date);
let how = 'well';
let keys: JWK[] = [];
let made = 0;
const forgotten = new Set<string>();
let groupsInIdToken = true;
let provider: Provider;
const counts: Record<string, number> = {};

async function rotate(): Promise<void> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  made += 1;
  keys = [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: `k${made}` }];
  provider = build();
}

function build(): Provider {
  const built = new Provider(issuer, {
    clients: [
      {
        client_id: 'gateway',
        client_secret: 'the secret of the tests',
        redirect_uris: setup.redirectUris,
        post_logout_redirect_uris: [setup.logoutUri],
        backchannel_logout_uri: setup.backChannelUri,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of the tests'] },
    // Its own refuses addresses of this machine.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_ctx, sub) =>
      forgotten.has(sub)
        ? undefined
        : {
            accountId: sub,
            claims(use) {
              const { groups, ...rest } = setup.people[sub] ?? {};
              const shown = groups !== undefined && (use === 'userinfo' || groupsInIdToken);
              return { sub, ...rest, ...(shown ? { groups } : {}) };
            },
          },
    async loadExistingGrant(ctx) {
      const known = ctx.oidc.session!.grantIdFor(ctx.oidc.client!.clientId);
      const found = known === undefined ? undefined : await ctx.oidc.provider.Grant.find(known);
      if (found !== undefined) return found;
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client!.clientId,
        accountId: ctx.oidc.session!.accountId!,
      });
      grant.addOIDCScope('openid profile email offline_access');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: setup.accessTokenLifetimeS ?? 60, Session: 3600, Interaction: 600, Grant: 3600, IdToken: 300 },
  });
  built.on('server_error', (_ctx: unknown, error: unknown) => console.error(error));
  built.on('backchannel.error', (_ctx: unknown, error: unknown) => console.error(error));
  return built;
}

const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  counts[path] = (counts[path] ?? 0) + 1;
  if (path === '/counts') return void response.end(JSON.stringify(counts));
  if (how === 'slow') return undefined;
  if (how === 'down') return void response.writeHead(503).end('down');
  if (how === 'broken') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"issuer":');
  if (path.startsWith('/interaction/')) {
    const who = request.headers['x-test-user'];
    if (typeof who !== 'string') return void response.writeHead(200).end('who are you?');
    return void provider
      .interactionFinished(request, response, { login: { accountId: who } })
      .catch((error: unknown) => response.writeHead(500).end(String(error)));
  }
  return void provider.callback()(request, response);
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
await rotate();

for await (const line of (async function* lines() {
  console.log(issuer);
  yield* createInterface({ input: process.stdin });
})()) {
  const order = JSON.parse(line) as OidcServerOrder;
  if ('how' in order) how = order.how;
  if ('rotate' in order) await rotate();
  if ('claims' in order) Object.assign(setup.people, order.claims);
  if ('groupsInIdToken' in order) groupsInIdToken = order.groupsInIdToken;
  if ('forget' in order) forgotten.add(order.forget);
  if ('clockOffsetS' in order) Date.now = () => realNow() + order.clockOffsetS * 1000;
  console.log('ok');
}
