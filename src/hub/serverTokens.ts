import type { Socket } from 'node:net';
import type { Context } from 'hono';
import { GatewayError } from '../errors.ts';
import type { PeerOf } from '../listen/peerCredentials.ts';
import type { AccountCache } from './accountCache.ts';
import type { Token } from './tokens/createTokens.ts';

/**
 * A server's own token lies in the memory of a process that runs whatever its owner likes: jobs, terminals, extensions.
 * Whoever gets hold of it must not become the owner. It is therefore taken only where the server itself calls: at the
 * Hub's private listeners, and there from its owner's processes alone. Everywhere else it is worth nothing.
 */
export type AdmitServerToken = (record: Token) => boolean;

/** What a private listener of the Hub adds to the context of a call (`c.env`). Where it is missing: the public one. */
export interface HubBindings {
  admitServerToken?: AdmitServerToken;
}

/** Throws `access.denied` for a server's own token that came by a way which is not that server's. */
export function assertAdmitted(record: Token | undefined, c: Context): void {
  if (record?.kind !== 'server' || (c.env as HubBindings | undefined)?.admitServerToken?.(record) === true) return;
  throw new GatewayError('access.denied', {
    message: 'Missing or invalid credentials.',
    advice: 'Send a token of your own: that of a server is for its own calls alone.',
    facts: { why: elsewhere, tokenId: record.id, owner: record.owner },
  });
}

/** For the log and the audit trail: nobody but a thief, or a script that should have a token of its own, does this. */
export const elsewhere = 'the token of a server, used elsewhere than by that server';

/** On a unix socket: whether the owner's processes are at its other end. */
export function admitOwner(
  socket: Socket,
  { peerOf, accounts }: { peerOf: PeerOf; accounts: Pick<AccountCache, 'get'> },
): AdmitServerToken {
  return (record) => {
    const uid = peerOf(socket)?.uid;
    return uid !== undefined && uid === accounts.get(record.owner)?.uid;
  };
}
