import { createHash, randomBytes } from 'node:crypto';

/** Marks our tokens for people and for scanners of leaked secrets. */
export const tokenPrefix = 'cgw_';

/** A new token: the prefix and 256 random bits. Shown once; only its hash is kept. */
export function newToken(): string {
  return tokenPrefix + randomBytes(32).toString('base64url');
}

/** SHA-256, hex. A token has enough entropy that a slow or salted hash would add nothing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The token of an `Authorization` header in either of JupyterHub's spellings, `token X` and `Bearer X`. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^(?:token|bearer)[ :]+([^\s:]\S*)$/i.exec(authorization?.trim() ?? '')?.[1];
}
