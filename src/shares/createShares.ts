import { randomUUID } from 'node:crypto';
import { sameGrant } from '../access/sameGrant.ts';
import type { Share } from '../access/types.ts';
import type { Clock } from '../clock.ts';
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

/** The shares of the store. */
export function createShares({ admin, accounts, needsRestart, clock, log }: SharesParts): Shares {
  const all = (): Share[] => Object.values(admin.data.shares);
  const live = (share: Share): boolean => share.expiresAt === null || Date.parse(share.expiresAt) > clock.now();

  return {
    list: (match = () => true) =>
      all()
        .filter((share) => live(share) && match(share))
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    async grant(asked, by) {
      const request = await checkShare(asked, { accounts, groups: admin.data.groups, now: clock.now() });
      const before = all().find((share) => sameGrant(share, request));
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
      await admin.update((draft) => void (draft.shares[share.id] = share));
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
