import type { Config } from '../config/schema.ts';
import type { Clock } from '../clock.ts';
import type { HubContract } from '../hub/types.ts';
import type { AccountDirectory } from '../identity/types.ts';
import type { RouteTable } from '../proxy/types.ts';
import type { Spawner, UpstreamTls } from '../spawners/types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';
import type { Admission } from './admission.ts';
import type { ServerLogs } from './logs.ts';
import type { OptionValues } from './options.ts';
import type { Program } from './programs.ts';
import type { Records } from './records.ts';
import type { ServerView } from './types.ts';
import type { Umasks } from './umasks.ts';

/** What a server's life needs of the others. */
export interface LifeParts {
  config: Config['servers'];
  records: Records;
  spawner: (name: string) => Spawner;
  accounts: AccountDirectory;
  hub: HubContract;
  /** The route table, as far as this room writes it. */
  routes: Pick<RouteTable, 'open' | 'close' | 'declare' | 'forget'>;
  admission: Admission;
  urls: Pick<Urls, 'prefix'>;
  /** Ends what is left of a server that has ended, by its socket. */
  sweep: (socket: string) => Promise<void>;
  /** For servers on other nodes. */
  tls?: UpstreamTls | undefined;
  logs: ServerLogs;
  umasks: Umasks;
  runtimeDir: string;
  uid: number;
  clock: Clock;
  log: Logger;
  /** Tells the listeners of `Servers.onChange`. */
  emit: (view: ServerView) => void;
}

/** A start whose options have been checked. */
export interface Launch {
  by: string;
  profile: string;
  spawner: string;
  program: Program;
  options: OptionValues;
  /** Arguments of the profile and of the form, split into words. */
  args: readonly string[];
  /** Environment variables of the program and the profile. */
  variables: Readonly<Record<string, string>>;
  /** What the profile says in the place of `servers`. */
  cwd?: string | undefined;
  umask?: string | undefined;
  limits: Readonly<Record<string, number>>;
  /** Arguments for a batch system's submit command. */
  submit: readonly string[];
  page: string;
}
