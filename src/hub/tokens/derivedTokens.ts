import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Target } from '../../access/types.ts';
import { tokenPrefix } from './tokenText.ts';

/**
 * What a server or service gets in place of its visitor's own token, which would be good for all that the visitor may:
 * a text that stands for this one token at this one target. It is made anew from a key in memory whenever it is needed,
 * so it is the same each time (UI servers remember who a token is), needs no record, and is worth nothing once its parent
 * is not, or after a restart of the gateway.
 */
export interface DerivedTokens {
  derive(parentId: string, target: Target): string;
  /** What a token of ours stands for; undefined for any other text. Whether its parent still lives is not asked here. */
  read(token: string): { parentId: string; target: Target } | undefined;
}

const macBytes = 32;
/** A name of an account and one of a server, quoted, fit well. */
const maxLength = 2048;

export function createDerivedTokens(key: Buffer = randomBytes(32)): DerivedTokens {
  const macOf = (payload: Buffer): Buffer => createHmac('sha256', key).update(payload).digest();
  return {
    derive(parentId, target) {
      const place = target.kind === 'server' ? [target.owner, target.name] : [target.name];
      const payload = Buffer.from(JSON.stringify([parentId, ...place]));
      return tokenPrefix + Buffer.concat([macOf(payload), payload]).toString('base64url');
    },
    read(token) {
      if (!token.startsWith(tokenPrefix) || token.length > maxLength) return undefined;
      const bytes = Buffer.from(token.slice(tokenPrefix.length), 'base64url');
      const [mac, payload] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)];
      if (payload.length === 0 || !timingSafeEqual(mac, macOf(payload))) return undefined;
      const [parentId = '', first = '', name] = JSON.parse(payload.toString()) as string[];
      const target: Target =
        name === undefined ? { kind: 'service', name: first } : { kind: 'server', owner: first, name };
      return { parentId, target };
    },
  };
}
