import type { SiteAccess } from '../../access/siteAccess.ts';
import type { Account } from '../../access/types.ts';
import type { Clock } from '../../clock.ts';
import type { AccountDirectory } from '../../identity/types.ts';
import type { RouteTable } from '../../proxy/types.ts';
import type { ServerKey, Servers } from '../../servers/types.ts';
import type { AdminData, StateData } from '../../store/schema.ts';
import type { Store } from '../../store/types.ts';
import type { Audit } from '../../telemetry/audit/createAudit.ts';
import type { Events } from '../../telemetry/events.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Urls } from '../../urls.ts';
import type { AccountCache } from '../accountCache.ts';
import type { Principals } from '../principals.ts';
import type { ScopeSet } from '../scopes/scopeSet.ts';
import type { Tokens } from '../tokens/createTokens.ts';
import type { Shares } from '../../shares/types.ts';
import type { HubShareCodes } from '../shareCodes.ts';
import type { HubService } from '../types.ts';
import type { Directory } from './directory.ts';

/** What the handlers of the REST API work with. Parts that are built after the Hub are asked for when needed. */
export interface ApiDeps {
  store: Store<AdminData, StateData>;
  accounts: AccountDirectory;
  cache: AccountCache;
  directory: Directory;
  tokens: Tokens;
  principals: Principals;
  /** All that a person may. */
  ownerScopes: (account: Account) => ScopeSet;
  urls: Urls;
  clock: Clock;
  log: Logger;
  events: Events | undefined;
  /** Who did what; undefined where nothing is written of it. */
  audit: () => Pick<Audit, 'list'> | undefined;
  servers: () => Servers;
  routes: () => Pick<RouteTable, 'routes'>;
  services: () => readonly HubService[];
  keys: () => { keys: readonly object[] };
  shares: () => Shares;
  shareCodes: HubShareCodes;
  /** What shares alone give an account on a server. */
  shareOf: SiteAccess['shareOf'];
  /** All that belongs to the account ends: tokens and sign-ins. */
  forgetAccount: (name: string) => Promise<void>;
  onContact: (key: ServerKey) => void;
  shutdown: (how: { servers: boolean }) => void;
  /** A start or stop that takes longer is answered by 202, ms. */
  patienceMs: number;
  /** Of the gateway. */
  version: string;
  /** Longest lifetime of a token that is asked for; undefined for any, s. */
  tokenMaxLifetimeS: number | undefined;
}
