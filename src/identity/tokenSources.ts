import { cookieValues } from './cookies.ts';
import type { Credentials } from './types.ts';

/** Where a token may come from, and whose tokens are taken from there: one issuer's cookie is no place for another's. */
export interface TokenSource {
  cookie?: string | undefined;
  /** Lower case. */
  header?: string | undefined;
  accepts(issuer: string): boolean;
}

export interface Candidate {
  token: string;
  source: TokenSource;
  via: 'cookie' | 'header';
}

/** All that the request brings, in the order of the sources; empty where it brings nothing. */
export function candidatesOf(credentials: Credentials, sources: readonly TokenSource[]): Candidate[] {
  const found: Candidate[] = [];
  for (const source of sources) {
    if (source.cookie !== undefined)
      for (const token of cookieValues(credentials.cookie, source.cookie)) found.push({ token, source, via: 'cookie' });
    const token = source.header === undefined ? undefined : headerToken(credentials, source.header);
    if (token !== undefined) found.push({ token, source, via: 'header' });
  }
  return found;
}

/** Bare, or after `Bearer`; Hub tokens in `Authorization` have no dots and are resolved elsewhere. */
function headerToken(credentials: Credentials, name: string): string | undefined {
  const value = name === 'authorization' ? authorizationOf(credentials) : credentials.header?.(name);
  if (value === undefined) return undefined;
  const bearer = /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(value)?.[1];
  return bearer ?? (name === 'authorization' || value === '' ? undefined : value);
}

function authorizationOf({ authorization, header }: Credentials): string | undefined {
  return authorization ?? header?.('authorization');
}
