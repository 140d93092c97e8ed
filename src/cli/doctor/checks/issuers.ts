import { readFile } from 'node:fs/promises';
import type { IssuerConfig } from '../../../config/sections/identityIssuers.ts';
import { discoverKeys } from '../../../identity/issuers.ts';
import { maxKeySetBytes, publicKeys, readBounded } from '../../../identity/jwks.ts';
import { adviceUnreachable, fetchUnder, whyUnreachable } from '../network.ts';
import type { Check, Finding } from '../types.ts';

/** The keys of every issuer can be had. */
export const issuers: Check = {
  name: 'Issuers',
  look: ({ config }, signal) =>
    Promise.all(config.identity.issuers.map((issuer) => checkIssuer(issuer, fetchUnder(signal)))),
};

async function checkIssuer(issuer: IssuerConfig, fetcher: typeof fetch): Promise<Finding> {
  try {
    const text =
      issuer.jwksFile === undefined
        ? await fetchKeySet(issuer.jwksUrl ?? (await discoverKeys(issuer.issuer, fetcher)), fetcher)
        : await readFile(issuer.jwksFile, 'utf8');
    return { outcome: 'ok', what: `${issuer.issuer}: ${keyCount(text)}.` };
  } catch (error) {
    const why = whyUnreachable(error);
    const advice = issuer.jwksFile === undefined ? adviceUnreachable(why) : 'Correct the path or the file.';
    return { outcome: 'fault', what: `The keys of ${issuer.issuer} cannot be had: nobody gets in by it.`, why, advice };
  }
}

export async function fetchKeySet(url: string, fetcher: typeof fetch): Promise<string> {
  const response = await fetcher(url, { headers: { accept: 'application/json' }, redirect: 'manual' });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return readBounded(response, maxKeySetBytes);
}

/** Throws where it is no key set with a key that can be used. */
export function keyCount(text: string): string {
  const { length } = publicKeys(JSON.parse(text)).keys;
  return `${length} public ${length === 1 ? 'key' : 'keys'}`;
}
