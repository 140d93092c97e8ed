import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { IssuerConfig } from '../config/sections/identityIssuers.ts';
import { SetupError } from '../errors.ts';
import type { Events } from '../telemetry/events.ts';
import { createFixedKeys, readBounded } from './jwks.ts';
import type { KeySource } from './jwks.ts';
import { createRemoteKeys } from './remoteKeys.ts';
import type { TokenSource } from './tokenSources.ts';
import type { TrustedIssuer } from './verify.ts';

/** The site's own issuers, as the configuration names them. */
export interface IssuersOptions {
  clock: Clock;
  log: { warn(fields: object, message: string): void };
  /** Keys have changed: what was verified by the old ones must be looked at again. */
  onKeysChange(): void;
  events?: Events | undefined;
  fetch?: typeof fetch;
}

export interface SiteIssuer {
  trusted: TrustedIssuer;
  source: TokenSource;
}

/** Throws `SetupError` where a key file cannot be used. Key sets at an address are fetched when first needed. */
export function createIssuers(configs: readonly IssuerConfig[], options: IssuersOptions): Promise<SiteIssuer[]> {
  return Promise.all(
    configs.map(async (config) => ({
      trusted: {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: config.algorithms,
        keys: await keysOf(config, options),
        sessionClaim: config.sessionClaim,
        ...(config.maxAgeS === undefined ? {} : { maxAgeS: config.maxAgeS }),
        ...(config.type === undefined ? {} : { typ: config.type }),
      },
      source: { cookie: config.cookie, header: config.header, accepts: (issuer) => issuer === config.issuer },
    })),
  );
}

async function keysOf(config: IssuerConfig, options: IssuersOptions): Promise<KeySource> {
  if (config.jwksFile !== undefined) return keysOfFile(config.jwksFile, config.issuer);
  const { issuer, jwksUrl, cooldownS } = config;
  return createRemoteKeys({
    url: jwksUrl ?? (() => discoverKeys(issuer, options.fetch ?? fetch)),
    clock: options.clock,
    cooldownMs: cooldownS * 1000,
    onChange: () => options.onKeysChange(),
    onFetched: (ok) => options.events?.emit('keysFetched', { issuer, ok }),
    onError: (error) => options.log.warn({ issuer, err: error }, 'keys of an issuer cannot be had; those known go on'),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
}

async function keysOfFile(path: string, issuer: string): Promise<KeySource> {
  try {
    return createFixedKeys(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new SetupError(`The key set ${path} of issuer ${issuer} cannot be used: ${(cause as Error).message}.`, {
      advice: 'It must be a JSON Web Key Set: an object with a list `keys` of public keys (RFC 7517).',
      cause,
    });
  }
}

const discoveryBytes = 64 * 1024;

/** `jwks_uri` of the provider's metadata (OpenID Connect Discovery 1.0, 4), which must name the very same issuer. */
export async function discoverKeys(issuer: string, fetcher: typeof fetch): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetcher(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(5000),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`discovery at ${url} answered ${response.status}`);
  }
  const found = JSON.parse(await readBounded(response, discoveryBytes)) as { issuer?: unknown; jwks_uri?: unknown };
  if (found.issuer !== issuer) throw new Error('discovery names another issuer');
  if (typeof found.jwks_uri !== 'string' || !isSafe(found.jwks_uri, issuer))
    throw new Error('discovery names no key set, or one without TLS');
  return found.jwks_uri;
}

/** A provider on https must not send us to plain http for its keys. */
function isSafe(url: string, issuer: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && issuer.startsWith('http:'));
}
