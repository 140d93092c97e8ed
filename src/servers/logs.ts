import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { AccountDirectory } from '../identity/types.ts';
import type { AccountCommands } from '../spawners/accountCommands.ts';
import { cutLogs } from './cutLogs.ts';
import { followLog } from './followLog.ts';
import type { FollowLogOptions } from './followLog.ts';
import { readAsAccount, readOwnLog } from './logSource.ts';
import type { LogSource } from './logSource.ts';
import { readTail } from './logTail.ts';
import type { ServerKey } from './types.ts';

/** A server's log on record. */
export interface LoggedServer {
  owner: string;
  logFile: string | null;
}

export interface FollowServer extends Omit<FollowLogOptions, 'read' | 'pollMs'> {
  owner: string;
  /** Of the start that runs now. */
  logFile: () => string | null;
}

/** Where logs of servers are, and how they are read. */
export interface ServerLogs {
  /** Of a server on this host: in its account's home, where the account is not the gateway's own user. */
  pathOf(key: ServerKey, account: Account): string;
  /** Of a server on another node, whose log comes here by its relay; a new one for this start. */
  startRelayed(key: ServerKey): Promise<string>;
  tail(server: LoggedServer, lines: number): Promise<string>;
  /** Throws `request.rate` where the logs of the account are followed too often already. */
  follow(options: FollowServer): AsyncIterable<string>;
  /** Cuts logs that have grown too long. */
  cut(servers: readonly LoggedServer[]): Promise<void>;
  /** Removes what is kept here of a server that is forgotten. */
  remove(server: LoggedServer): Promise<void>;
}

/** Each look at an account's log takes a process. */
const [ownPollMs, accountPollMs] = [300, 1000];
const followersPerOwner = 8;

export function createServerLogs(parts: {
  commands: AccountCommands;
  accounts: AccountDirectory;
  dataDir: string;
  /** Effective uid of the gateway. */
  uid: number;
}): ServerLogs {
  const { commands, accounts, uid } = parts;
  const folder = join(parts.dataDir, 'logs');
  // Several gateways may start servers for one home.
  const gateway = createHash('sha256').update(`${hostname()}:${parts.dataDir}`).digest('hex').slice(0, 8);
  const followers = new Map<string, number>();
  const isOurs = (path: string): boolean => dirname(path) === folder;

  async function sourceOf({ owner, logFile }: LoggedServer): Promise<LogSource> {
    if (logFile === null || isOurs(logFile)) return readOwnLog;
    const account = await accounts.find(owner);
    return account === undefined ? () => Promise.resolve(undefined) : readAsAccount(commands, account);
  }

  async function* followed({ owner, logFile, ...options }: FollowServer): AsyncIterable<string> {
    followers.set(owner, (followers.get(owner) ?? 0) + 1);
    try {
      const first = logFile();
      const pollMs = first === null || isOurs(first) ? ownPollMs : accountPollMs;
      const read: FollowLogOptions['read'] = async (place, most) => {
        const path = logFile();
        return path === null ? undefined : (await sourceOf({ owner, logFile: path }))(path, place, most);
      };
      yield* followLog({ ...options, read, pollMs });
    } finally {
      const left = (followers.get(owner) ?? 1) - 1;
      if (left > 0) followers.set(owner, left);
      else followers.delete(owner);
    }
  }

  return {
    pathOf(key, account) {
      if (account.uid === uid) return ownLog(folder, key);
      const name = key.name === '' ? 'server' : `server-${key.name}`;
      return join(account.home, '.cylc/gateway', `${name}.${gateway}.log`);
    },
    async startRelayed(key) {
      const path = ownLog(folder, key);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(path, `${path}.1`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      return path;
    },
    async tail(server, lines) {
      return server.logFile === null ? '' : readTail(server.logFile, lines, { source: await sourceOf(server) });
    },
    follow(options) {
      if ((followers.get(options.owner) ?? 0) >= followersPerOwner)
        throw new GatewayError('request.rate', {
          message: 'The logs of this account are followed on as many pages as they may.',
          advice: 'Close one of them.',
        });
      return followed(options);
    },
    async cut(servers) {
      for (const [owner, own] of Map.groupBy(servers, (server) => server.owner)) {
        const account = await accounts.find(owner);
        const files = own.flatMap(({ logFile }) => logFile ?? []);
        // What relays send is bounded where it is written (src/spawners/batch/desk.ts).
        const theirs = account?.uid === uid ? files : files.filter((path) => !isOurs(path));
        if (account !== undefined) await cutLogs(commands, account, theirs);
      }
    },
    async remove({ logFile }) {
      if (logFile === null || !isOurs(logFile)) return;
      for (const path of [logFile, `${logFile}.1`]) await rm(path, { force: true });
    },
  };
}

function ownLog(folder: string, { owner, name }: ServerKey): string {
  return join(folder, `${encodeURIComponent(owner)}+${encodeURIComponent(name)}.log`);
}
