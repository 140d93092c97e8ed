import type { Share } from './types.ts';

type Grant = Pick<Share, 'owner' | 'server' | 'grantee'>;

/** There is one share of a server with each account and each group. */
export function sameGrant(one: Grant, other: Grant): boolean {
  const sameGrantee = one.grantee.kind === other.grantee.kind && one.grantee.name === other.grantee.name;
  return sameGrantee && one.owner === other.owner && one.server === other.server;
}
