import type { SiteAccess } from '../access/siteAccess.ts';
import type { AccessDecision, Identity, Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { Csrf } from '../identity/csrf.ts';
import type { AccountDirectory, Identify } from '../identity/types.ts';
import type { PeerOf } from '../listen/peerCredentials.ts';
import type { RouteTable } from '../proxy/types.ts';
import type { Servers } from '../servers/types.ts';
import type { Shares } from '../shares/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Audit } from '../telemetry/audit/createAudit.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';
import type { Closing } from './api/closedTo.ts';
import type { HubService } from './types.ts';

export interface HubDeps {
  config: Pick<Config, 'hub' | 'access'>;
  store: Store<AdminData, StateData>;
  accounts: AccountDirectory;
  /** May this person open that target now? */
  access: (identity: Identity, target: Target) => AccessDecision;
  /** What shares alone give an account on a server. */
  shareOf?: SiteAccess['shareOf'];
  /** May this person start that server of another's? Without it nobody may. */
  mayStart?: SiteAccess['mayStart'];
  urls: Urls;
  /** Folder of the Hub's unix socket. */
  runtimeDir: string;
  /** Who connects to that socket. Undefined only where its folder is closed to all but the gateway's own account. */
  peerOf: PeerOf | undefined;
  /** Whether services are to reach the API by TCP as well. */
  loopback?: boolean;
  clock: Clock;
  log: Logger;
  events?: Events;
  /** Why this account may not use that now. */
  closedTo?: Closing;
  /** Of the gateway; shown in the API's document. */
  version?: string;
}

/** Parts that are built after the hub, since they need its contract. */
export interface HubAttachments {
  servers: Servers;
  /** Without it nothing can be shared by the API. */
  shares?: () => Shares;
  identify: Identify;
  /** Proves that a browser's call comes from a page of ours; without it browsers may not use the REST API. */
  csrf?: Csrf;
  routes?: Pick<RouteTable, 'routes'>;
  /** Public keys of what the gateway signs (RFC 7517). */
  keys?: () => { keys: readonly object[] };
  /** Every service, running or not. */
  services?: () => readonly HubService[];
  /** Ends all sign-ins of an account. */
  endSessions?: (account: string) => Promise<unknown>;
  /** Who did what; without it nobody is told. */
  audit?: () => Pick<Audit, 'list'>;
  /** `POST /shutdown`. */
  shutdown?: (how: { servers: boolean }) => void;
}
