import { randomUUID } from 'node:crypto';
import { sameGrant } from '../access/sameGrant.ts';
import type { Share } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { AccountDirectory } from '../identity/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { StoreDocument } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { checkShare } from './checkShare.ts';
import type { Shares } from './types.ts';

export interface SharesParts {
  admin: StoreDocument<AdminData>;
  accounts: AccountDirectory;
  needsRestart: Shares['needsRestart'];
  clock: Clock;
  log: Logger;
}

/**
 * Shares that one account may give: every request of a visitor looks at them, and each is a record for good. What an
 * administrator writes by hand is not refused, but counts.
 */
const maxPerOwner = 500;

/** The shares of the store. */
export function createShares({ admin, accounts, needsRestart, clock, log }: SharesParts): Shares {
  const all = (): Share[] => Object.values(admin.data.shares);
  const live = (share: Share): boolean => share.expiresAt === null || Date.parse(share.expiresAt) > clock.now();

  /** Which of the account's own must go for one more: those that have ended. Throws where that does not help. */
  function assertRoom(owner: string): Share[] {
    const own = all().filter((share) => share.owner === owner);
    if (own.length < maxPerOwner) return [];
    const ended = own.filter((share) => !live(share));
    if (own.length - ended.length < maxPerOwner) return ended;
    throw new GatewayError('share.limit', {
      message: `User ${owner} has ${own.length - ended.length} shares already, and an account may have ${maxPerOwner}.`,
    });
  }

  return {
    list: (match = () => true) =>
      all()
        .filter((share) => live(share) && match(share))
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    async grant(asked, by) {
      const request = await checkShare(asked, { accounts, groups: admin.data.groups, now: clock.now() });
      const before = all().find((share) => sameGrant(share, request));
      const ended = before === undefined ? assertRoom(request.owner) : [];
      const { owner, server, grantee, level, expiresAt, note, mayStart } = request;
      const createdAt = before?.createdAt ?? new Date(clock.now()).toISOString();
      const share: Share = {
        id: before?.id ?? randomUUID(),
        owner,
        server,
        grantee,
        level,
        expiresAt,
        note,
        createdAt,
      };
      if (mayStart === true) share.mayStart = true;
      await admin.update((draft) => {
        for (const { id } of ended) delete draft.shares[id];
        draft.shares[share.id] = share;
      });
      log.info({ by, share: share.id, owner, server, grantee, level, expiresAt }, 'server shared');
      return share;
    },
    async revoke(match, by) {
      const doomed = all().filter(match);
      if (doomed.length === 0) return 0;
      await admin.update((draft) => {
        for (const { id } of doomed) delete draft.shares[id];
      });
      for (const { id, owner, server, grantee } of doomed)
        log.info({ by, share: id, owner, server, grantee }, 'share revoked');
      return doomed.length;
    },
    needsRestart,
  };
}
