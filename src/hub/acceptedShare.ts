import type { Share } from '../access/types.ts';
import type { ShareCode } from '../shares/types.ts';

type Rights = Pick<ShareCode, 'level' | 'mayStart'>;
type Granted = Rights & Pick<Share, 'expiresAt'>;

/**
 * What somebody has after they accepted a code, who may have a share of the server already: never less than before, and
 * nothing longer than it was given. Where their share has an end and gives what the code does not, all ends with it: the
 * code can be accepted again then.
 */
export function acceptedShare(
  { level, mayStart }: Rights,
  own: Share | undefined,
): { keeps: Share } | { gets: Granted } {
  const gets: Granted = { level, mayStart, expiresAt: null };
  if (own === undefined) return { gets };
  const both: Rights = {
    level: own.level === 'control' ? 'control' : level,
    mayStart: mayStart || own.mayStart === true,
  };
  const isAll = (one: Rights | Share): boolean => one.level === both.level && (one.mayStart ?? false) === both.mayStart;
  if (isAll(own) && (own.expiresAt === null || !isAll(gets))) return { keeps: own };
  return { gets: isAll(gets) ? gets : { ...both, expiresAt: own.expiresAt } };
}
