import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { TokenOffice } from '../hub/types.ts';
import type { Accounts } from '../identity/accounts.ts';
import type { Sessions } from '../identity/sessions.ts';
import { watchAccounts } from '../identity/watchAccounts.ts';
import type { Hop } from '../proxy/types.ts';
import type { Strays } from '../servers/strays.ts';
import type { Servers } from '../servers/types.ts';
import type { People } from '../store/judge.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { createControlApp } from './controlApp.ts';
import { listenForControl } from './controlSocket.ts';
import { createDesk } from './resources.ts';
import type { Desk } from './types.ts';

/** What an admin does to a running gateway, by its socket or by an edit of `accounts`. */
export interface Control {
  desk: Desk;
  /** Opens the socket. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** Our close code (RFC 6455, 7.4.2) for a visitor who may no longer be here. */
const closeRevoked = 4403;

export function createControl(parts: {
  store: Store<AdminData, StateData>;
  people: People;
  config: Pick<Config, 'access'>;
  tokens: TokenOffice;
  servers: Servers & { strays?: Strays };
  accounts: Accounts;
  sessions: Sessions;
  hop: Pick<Hop, 'connections'>;
  runtimeDir: string;
  clock: Clock;
  log: Logger;
}): Control {
  const { store, people, tokens, servers, accounts, sessions, hop, clock, log } = parts;
  const endSessions = (account: string): Promise<number> => sessions.revokeAll(account, 'command line');
  const { strays } = servers;
  const live = { servers, endSessions, ...(strays && { strays }) };
  const control = { store, people, admins: parts.config.access.admins, ...live, now: () => clock.now() };
  const app = createControlApp({ ...control, tokens });
  const closeAll = (account: string): void =>
    void hop.connections.closeWhere((open) => open.account === account, closeRevoked, 'no account here any more');
  const stopAccounts = watchAccounts({ admin: store.admin, accounts, sessions, closeAll, log });
  let socket: { close(): Promise<void> } | undefined;
  return {
    desk: createDesk(control),
    async listen() {
      socket = await listenForControl(app, parts.runtimeDir);
    },
    async close() {
      stopAccounts();
      await socket?.close();
    },
  };
}
