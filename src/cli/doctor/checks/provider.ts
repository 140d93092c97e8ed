import { discoverKeys } from '../../../identity/issuers.ts';
import { adviceUnreachable, fetchUnder, whyUnreachable } from '../network.ts';
import type { Check } from '../types.ts';
import { fetchKeySet, keyCount } from './issuers.ts';

/** The site's OpenID provider answers, is who it should be, and has keys. */
export const provider: Check = {
  name: 'OpenID provider',
  async look({ config }, signal) {
    const { oidc } = config.identity;
    if (oidc === undefined) return [];
    const fetcher = fetchUnder(signal);
    try {
      const keys = await fetchKeySet(await discoverKeys(oidc.issuer, fetcher), fetcher);
      return [{ outcome: 'ok', what: `${oidc.issuer}: ${keyCount(keys)}.` }];
    } catch (error) {
      const why = whyUnreachable(error);
      const named = /names another issuer/.test(why);
      const advice = named ? 'Write identity.oidc.issuer exactly as the provider does.' : adviceUnreachable(why);
      return [{ outcome: 'fault', what: `${oidc.issuer} cannot be used: nobody can sign in.`, why, advice }];
    }
  },
};
