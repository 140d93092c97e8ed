import { sameGrant } from '../access/sameGrant.ts';
import type { Share } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { ServerKey } from '../servers/types.ts';
import type { ShareCode, ShareCodes, Shares } from '../shares/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import { acceptedShare } from './acceptedShare.ts';
import type { Token, Tokens } from './tokens/createTokens.ts';
import { hashToken } from './tokens/tokenText.ts';

/** Before the server's name, so that it is no client's. */
const clientPrefix = 'share:';
/** In the scopes of a code's record: the level of the shares that it makes. */
const levelPrefix = 'level:';

export interface HubShareCodes extends ShareCodes {
  make(wish: {
    key: ServerKey;
    level: Share['level'];
    scopes: readonly string[];
    lifetimeS: number;
  }): Promise<{ code: string; record: Token }>;
  list(match: (key: ServerKey, record: Token) => boolean): { record: Token; code: ShareCode }[];
  revoke(match: (key: ServerKey, record: Token) => boolean): Promise<number>;
  /** Whether this text is the code of that record. */
  isCode(record: Token, text: string): boolean;
}

/** Codes that whoever has one may trade for a share: kept hashed, as tokens are, and good for nothing else. */
export function createShareCodes(deps: {
  tokens: Tokens;
  store: Store<AdminData, StateData>;
  shares: () => Shares;
  clock: Clock;
}): HubShareCodes {
  const { tokens, store, clock } = deps;
  const all = (): Token[] => tokens.list((record) => record.kind === 'share');

  function findRecord(text: string): Token | undefined {
    const hash = hashToken(text);
    return all().find((record) => record.hash === hash);
  }

  return {
    async make({ key, level, scopes, lifetimeS }) {
      const { token: code, record } = await tokens.issue({
        kind: 'share',
        owner: key.owner,
        clientId: clientPrefix + key.name,
        scopes: [...scopes, levelPrefix + level],
        note: `Share code of ${key.owner}/${key.name}`,
        expiresAt: clock.now() + lifetimeS * 1000,
      });
      return { code, record };
    },
    list: (match) =>
      all()
        .filter((record) => match(keyOf(record), record))
        .map((record) => ({ record, code: toCode(record) })),
    revoke: (match) => tokens.revokeWhere((record) => record.kind === 'share' && match(keyOf(record), record)),
    isCode: (record, text) => record.hash === hashToken(text),
    find(text) {
      const record = findRecord(text);
      return record === undefined ? undefined : toCode(record);
    },
    async exchange(text, visitor) {
      const record = findRecord(text);
      if (record === undefined) return undefined;
      const code = toCode(record);
      const grant = {
        owner: code.key.owner,
        server: code.key.name,
        grantee: { kind: 'user', name: visitor } as const,
      };
      const accepted = acceptedShare(code, deps.shares().list((one) => sameGrant(one, grant))[0]);
      const share =
        'keeps' in accepted
          ? accepted.keeps
          : await deps.shares().grant({ ...grant, note: 'By a share code', ...accepted.gets }, visitor);
      await store.state.update((draft) => {
        const own = draft.tokens[record.id];
        if (own === undefined) return;
        own.uses = (own.uses ?? 0) + 1;
        own.lastUsedAt = new Date(clock.now()).toISOString();
      });
      return share;
    },
  };
}

function keyOf(record: Token): ServerKey {
  return { owner: record.owner, name: (record.clientId ?? '').slice(clientPrefix.length) };
}

function toCode(record: Token): ShareCode {
  const scopes = record.scopes.filter((scope) => !scope.startsWith(levelPrefix));
  const level = record.scopes.includes(`${levelPrefix}control`) ? 'control' : 'read';
  return { key: keyOf(record), level, scopes, mayStart: scopes.some((scope) => scope.startsWith('start:servers')) };
}
