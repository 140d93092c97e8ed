import type { Clock } from './clock.ts';
import type { Config } from './config/schema.ts';
import type { PrintedLink } from './identity/firstRunLinks.ts';
import type { ServersRoom } from './servers/createServers.ts';
import type { Logger } from './telemetry/log.ts';
import type { Urls } from './urls.ts';

export interface GatewayOptions {
  config: Config;
  /** No configuration file: sign-in links in the terminal, for the user who started the gateway and a guest. */
  firstRun: boolean;
  log: Logger;
  clock?: Clock;
  /** Ends the process, as a signal would: asked for by the Hub's API. */
  end?: () => void;
}

export interface Gateway {
  urls: Urls;
  servers: ServersRoom;
  /** Titles of the UI server programs that a start offers, best first. */
  programs: string;
  /** What the person at the terminal must know of how people sign in here. */
  notes: readonly string[];
  signInLinks(): Promise<PrintedLink[]>;
  /** Opens the port, then finds again what an earlier run left running. Throws `SetupError` where the port is not to be had. */
  listen(): Promise<void>;
  /** Reads certificates anew. */
  reload(): Promise<void>;
  /** Ends the gateway's part; running servers go on. */
  close(): Promise<void>;
}
