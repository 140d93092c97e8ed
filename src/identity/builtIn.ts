import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Keyring } from './keyring.ts';
import { createOidcClient } from './oidcClient.ts';
import type { OidcClient } from './oidcClient.ts';
import type { InteractionVisit, ProviderHandler } from './provider.ts';

/** The built-in provider, and the gateway as its only client. */
export interface BuiltIn {
  handler: ProviderHandler;
  client: OidcClient;
}

export interface BuiltInOptions {
  issuer: string;
  redirectUri: string;
  /** Fetches from the provider, whatever host the URL names. */
  fetchOwn: (url: string, init?: object) => Promise<Response>;
  clientOf: (request: IncomingMessage) => { address: string };
  keyring: Keyring;
  clock: Clock;
  skewS: number;
  /** Asks for name and password; undefined where these are not taken. */
  askPassword: ((visit: InteractionVisit) => Promise<void>) | undefined;
  log: { warn(fields: object, message: string): void };
}

const clientId = 'cylc-gateway';

export function createBuiltIn(options: BuiltInOptions): BuiltIn {
  const { issuer, redirectUri, keyring, clock, skewS, askPassword, log } = options;
  const clientSecret = randomBytes(32).toString('base64url');

  /** The provider asks who it is: name and password tell. */
  async function interact(visit: InteractionVisit): Promise<void> {
    if (askPassword !== undefined) return askPassword(visit);
    const error = new GatewayError('auth.link');
    visit.response.writeHead(error.status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
    visit.response.end(`${error.message} ${error.advice}\n`);
  }

  async function load(): Promise<ProviderHandler> {
    const { createProvider } = await import('./provider.ts');
    return createProvider({
      issuer,
      clientId,
      clientSecret,
      redirectUri,
      keys: keyring.provider,
      cookieKeys: [randomBytes(32).toString('base64url')],
      clock,
      interact,
      clientOf: options.clientOf,
      onError: (error, what) => log.warn({ err: error }, what),
    });
  }
  let provider: Promise<ProviderHandler> | undefined;

  return {
    // At its first request, since it takes 11 MiB, and nobody asks for it where all come by the site's own sign-in
    handler: (request, response) => {
      provider ??= load();
      void provider.then(
        (handle) => handle(request, response),
        (error: unknown) => {
          log.warn({ err: error }, 'the built-in sign-in could not be loaded');
          response.writeHead(500).end('The sign-in could not be loaded: reinstall the gateway.\n');
        },
      );
    },
    client: createOidcClient({
      issuer,
      clientId,
      clientSecret,
      redirectUri,
      scope: 'openid',
      clock,
      dangerouslyAllowHttp: true,
      fetch: (url, init) => options.fetchOwn(url, init),
      skewS,
    }),
  };
}
