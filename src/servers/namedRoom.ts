import { GatewayError } from '../errors.ts';
import type { Records } from './records.ts';
import type { ServerKey } from './types.ts';

/**
 * Each named server is a record and an address for as long as it is not deleted, so an account may not have any number
 * of them. Throws `server.limit` where `key` would be one more. What an administrator writes by hand is not refused, but
 * counts.
 */
export function assertNamedRoom(key: ServerKey, records: Pick<Records, 'get' | 'ids'>, most: number): void {
  if (key.name === '' || records.get(key) !== undefined) return;
  const prefix = `${key.owner}/`;
  const named = records.ids().filter((id) => id.startsWith(prefix) && id !== prefix).length;
  if (named < most) return;
  throw new GatewayError('server.limit', {
    message:
      most === 0
        ? 'This site has no named servers, only the default one.'
        : `User ${key.owner} has ${named} named servers already, and an account may have ${most} here.`,
    advice: most === 0 ? 'Use the default server.' : 'Delete one that you no longer need.',
  });
}
