import type { Share } from '../access/types.ts';
import type { ShareCode } from '../shares/types.ts';

type Granted = Pick<Share, 'level' | 'expiresAt'> & { mayStart: boolean };

/**
 * What somebody has after they accepted a code, who may have a share of the server already: never less than before, and
 * nothing longer than it was given. Where their share has an end and gives what the code does not, all ends with it: the
 * code can be accepted again then.
 */
export function acceptedShare(
  { level, mayStart }: Pick<ShareCode, 'level' | 'mayStart'>,
  own: Share | undefined,
): { keeps: Share } | { gets: Granted } {
  const gets: Granted = { level, mayStart, expiresAt: null };
  if (own === undefined) return { gets };
  const [ownControl, ownStart] = [own.level === 'control', own.mayStart === true];
  const covered = (ownControl || level === 'read') && (ownStart || !mayStart);
  const same = own.level === level && ownStart === mayStart;
  if (covered && (own.expiresAt === null || !same)) return { keeps: own };
  const adds = (ownControl && level === 'read') || (ownStart && !mayStart);
  if (!adds) return { gets };
  return { gets: { level: ownControl ? 'control' : level, mayStart: mayStart || ownStart, expiresAt: own.expiresAt } };
}
