import type { Wanted } from '../../access/maintenance.ts';
import type { Account } from '../../access/types.ts';
import type { GatewayError } from '../../errors.ts';
import type { Principal } from '../principals.ts';

/** Why an account may not have that now. */
export type Closing = (account: Account, wanted: Wanted) => GatewayError | undefined;

/**
 * Whether the API is closed to a caller. What a server calls with for itself is always good, and what it calls with for
 * its visitors is as good as servers are open: without an answer it could not know them.
 */
export function closedTo({ account, record }: Principal, ask: Closing | undefined): GatewayError | undefined {
  if (account === undefined || record?.kind === 'server') return undefined;
  return ask?.(account, record?.kind === 'oauth' ? 'servers' : 'pages');
}
