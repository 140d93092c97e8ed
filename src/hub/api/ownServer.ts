import type { ServerKey } from '../../servers/types.ts';
import { serverOfClient } from '../clientId.ts';
import type { Principal } from '../principals.ts';

/** The server that calls with its own token; undefined for anybody else. */
export function serverOf({ record }: Pick<Principal, 'record'>): ServerKey | undefined {
  return record?.kind !== 'server' || record.clientId === null ? undefined : serverOfClient(record.clientId);
}
