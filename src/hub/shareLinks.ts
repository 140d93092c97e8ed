import { keyText } from '../servers/types.ts';
import type { ServerKey } from '../servers/types.ts';
import type { ShareCode, ShareLink, ShareLinks } from '../shares/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { readScopes } from './api/shareModels.ts';
import type { HubShareCodes } from './shareCodes.ts';
import type { Token } from './tokens/createTokens.ts';

/** Share codes as their owner's page has them: the same records as those of the REST API. */
export function createShareLinks({ codes, log }: { codes: HubShareCodes; log: Logger }): ShareLinks {
  return {
    list: (key) =>
      codes
        .list((each) => keyText(each) === keyText(key))
        .map(toLink)
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    async make({ key, level, mayStart, lifetimeS }) {
      const { scopes } = readScopes(key, mayStart ? ['access:servers', 'start:servers'] : null);
      const { code, record } = await codes.make({ key, level, scopes, lifetimeS });
      log.info({ by: key.owner, server: keyText(key), id: record.id, level }, 'share code made');
      return code;
    },
    async revoke(key, id) {
      const isIt = (each: ServerKey, record: Token): boolean => record.id === id && keyText(each) === keyText(key);
      if (codes.list(isIt).length === 0) return false;
      await codes.revoke(isIt);
      log.info({ by: key.owner, server: keyText(key), id }, 'share code revoked');
      return true;
    },
  };
}

function toLink({ record, code }: { record: Token; code: ShareCode }): ShareLink {
  const { id, createdAt, expiresAt, uses } = record;
  return { id, level: code.level, mayStart: code.mayStart, createdAt, expiresAt, uses: uses ?? 0 };
}
