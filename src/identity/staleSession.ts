import { compactVerify } from 'jose';
import { cookieValues } from './cookies.ts';
import type { KeySource } from './jwks.ts';
import { sessionTokenType } from './sessionToken.ts';

/**
 * The session that a cookie was made for, by our own signature, whether or not the token has expired: a session that
 * was renewed in the background outlives the token in the browser. The session's record says whether it lives.
 */
export function createSessionOf(options: {
  cookieName: string;
  issuer: string;
  keys: KeySource;
}): (cookie: string | undefined) => Promise<string | undefined> {
  const { cookieName, issuer, keys } = options;

  async function read(token: string): Promise<string | undefined> {
    const verified = await compactVerify(token, (header) => keys.find(header ?? {}), { algorithms: ['EdDSA'] });
    if (verified.protectedHeader.typ !== sessionTokenType) return undefined;
    const { iss, sid } = JSON.parse(new TextDecoder().decode(verified.payload)) as Record<string, unknown>;
    return iss === issuer && typeof sid === 'string' ? sid : undefined;
  }

  return async (cookie) => {
    for (const token of cookieValues(cookie, cookieName)) {
      const id = await read(token).catch(() => undefined);
      if (id !== undefined) return id;
    }
    return undefined;
  };
}
