import type { AccessDecision, Account, Identity, Share, Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Sessions } from '../identity/sessions.ts';
import type { Connections } from '../proxy/types.ts';
import { keyText } from '../servers/types.ts';
import type { ServerKey, Servers } from '../servers/types.ts';
import type { UpstreamTls } from '../spawners/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { DeepReadonly, StoreDocument } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { forgetPermissions } from './forgetPermissions.ts';
import { createOneAtATime } from './oneAtATime.ts';
import type { Shares } from './types.ts';

export interface WatchParts {
  admin: StoreDocument<AdminData>;
  access: (who: Identity, target: Target) => AccessDecision;
  servers: Pick<Servers, 'get' | 'list' | 'onChange'>;
  hop: { connections: Pick<Connections, 'closeWhere' | 'regroup'> };
  sessions: Pick<Sessions, 'onGroups'>;
  /** For servers on other nodes. */
  tls?: UpstreamTls | undefined;
  clock: Clock;
  log: Logger;
}

export interface ShareWatch {
  needsRestart: Shares['needsRestart'];
  close(): void;
}

/** Our close code (RFC 6455, 7.4.2) for a visitor who may no longer be here. */
const closeRevoked = 4403;
const longestTimerMs = 2 ** 31 - 1;

/**
 * Makes a change of shares, groups or accounts act at once, whoever made it, and the end of a share when its time comes:
 * open WebSockets of those who may no longer be there are closed, and running servers are told to forget what they
 * remember of their visitors. A server that cannot is noted until it is started anew.
 */
export function watchShares(parts: WatchParts): ShareWatch {
  const { admin, servers, clock, log } = parts;
  const { connections } = parts.hop;
  const stale = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function closeUnwelcome(): void {
    const unwelcome = (who: Identity, target: Target): boolean =>
      !parts.access({ ...who, account: withGroupsNow(who.account, admin.data.groups) }, target).allowed;
    const closed = connections.closeWhere(
      (open) => open.identity !== undefined && unwelcome(open.identity, open.target),
      closeRevoked,
      'you may no longer open this server',
    );
    if (closed > 0) log.info({ closed }, 'connections closed, since what was shared is so no more');
  }

  const tell = createOneAtATime(keyText, async (key: ServerKey): Promise<void> => {
    const view = servers.get(key);
    if (view?.phase !== 'ready' || view.upstream === null || view.program === 'stand-in') return;
    const forgot = await forgetPermissions(view.upstream, view.prefix, parts.tls);
    if (forgot) stale.delete(keyText(key));
    else stale.add(keyText(key));
    if (!forgot) log.warn({ server: keyText(key) }, 'the server goes by what was shared before, until it is restarted');
  });

  function watchEnds(): void {
    clearTimeout(timer);
    const ends = Object.values(admin.data.shares).flatMap(({ expiresAt }) =>
      expiresAt === null ? [] : Date.parse(expiresAt),
    );
    const next = Math.min(...ends.filter((end) => end > clock.now()));
    if (Number.isFinite(next)) timer = setTimeout(onEnd, Math.min(next - clock.now() + 1, longestTimerMs)).unref();
  }

  function onEnd(): void {
    closeUnwelcome();
    const ended = Object.values(admin.data.shares).filter(
      ({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) <= clock.now(),
    );
    for (const { owner, server } of ended) void tell({ owner, name: server });
    watchEnds();
  }

  const stopAdmin = admin.onChange(({ changes }) => {
    const about = (map: string) => changes.filter((change) => change.map === map);
    const inGroups = about('groups').length > 0 ? Object.values(admin.data.shares) : [];
    const touched = [
      ...about('shares').flatMap(({ before, after }) => [before, after] as (Share | undefined)[]),
      ...inGroups,
    ];
    const keys = new Map(
      touched.flatMap((share) => {
        const key = share && { owner: share.owner, name: share.server };
        return key === undefined ? [] : [[keyText(key), key] as const];
      }),
    );
    if (keys.size === 0 && about('groups').length + about('accounts').length === 0) return;
    closeUnwelcome();
    watchEnds();
    for (const key of keys.values()) void tell(key);
  });
  const stopSessions = parts.sessions.onGroups(({ sessionId, account, changed }) => {
    connections.regroup(sessionId, account);
    closeUnwelcome();
    const shares = Object.values(admin.data.shares).filter(({ grantee }) => changed.includes(grantee.name));
    const keys = new Map(shares.map(({ owner, server }) => [`${owner}/${server}`, { owner, name: server }]));
    for (const key of keys.values()) void tell(key);
  });
  const stopServers = servers.onChange((view) => {
    if (view.phase === 'starting' || view.phase === 'stopped') stale.delete(keyText(view));
  });
  watchEnds();

  return {
    needsRestart: (key) => stale.has(keyText(key)),
    close() {
      clearTimeout(timer);
      stopAdmin();
      stopSessions();
      stopServers();
    },
  };
}

/** Groups of the gateway's own as the store has them now; those of the system and of claims as at the sign-in. */
function withGroupsNow(account: Account, groups: DeepReadonly<AdminData['groups']>): Account {
  const others = account.groups.filter((group) => !group.startsWith('local:'));
  const local = Object.keys(groups).filter((group) => groups[group]?.members.includes(account.name) === true);
  return { ...account, groups: [...others, ...local.map((group) => `local:${group}`)] };
}
