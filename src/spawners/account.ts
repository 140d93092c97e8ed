import type { StartJob } from '../../workers/protocol.ts';
import { GatewayError } from '../errors.ts';
import { removeNotes } from './notes.ts';
import type { JobPool } from './pool.ts';
import type { Spawner, SpawnPlan } from './types.ts';

/**
 * Launches a server as a process of its account on this host. A gateway that runs as root becomes the account's user,
 * with all its groups; any other can start only its own user's servers, and by sudo(8), where the site has set that
 * up, those of others too.
 */
export function createAccountSpawner(options: {
  pool: JobPool;
  uid?: number;
  /** Absolute path of the helper that sudo lets this gateway run as the accounts. */
  sudo?: string | undefined;
}): Spawner {
  const { pool, sudo } = options;
  const uid = options.uid ?? process.getuid?.() ?? 0;
  return {
    kind: 'account',
    async start(plan, report) {
      report('Starting the process.');
      const user = userOf(plan, uid, sudo);
      const result = await pool.run('start', { ...jobOf(plan), ...user });
      if (!result.ok)
        throw new GatewayError('spawn.failed', { message: `The server was not started: ${result.detail}.` });
      const by = user.sudo === undefined ? {} : { account: user.sudo.name };
      return { kind: 'process', process: result.process, runFile: plan.runFile, ...by };
    },
    poll: async (handle) =>
      handle.kind === 'process' ? await pool.run('poll', handle) : { state: 'unknown', why: 'not a process' },
    async stop(handle, how) {
      if (handle.kind !== 'process') return;
      const { process, account } = handle;
      const by = account === undefined || sudo === undefined ? {} : { sudo: { helper: sudo, name: account } };
      await pool.run('stop', { process, how, ...by });
    },
    async recover({ runFile, key }) {
      const process = await pool.run('recover', { runFile });
      if (process === undefined) return undefined;
      return { kind: 'process', process, runFile, ...(sudo !== undefined && uid !== 0 && { account: key.owner }) };
    },
    strays: (folder, only) => pool.run('strays', { folder, ...(only !== undefined && { uid: only }) }),
    async forget(handle) {
      if (handle.kind === 'process') await removeNotes(handle.runFile);
    },
    close: async () => {},
  };
}

function jobOf(plan: SpawnPlan) {
  const { command, env, cwd, logFile, runFile, umask, limits } = plan;
  return { command, env, cwd, logFile, runFile, umask, ...(limits === undefined ? {} : { limits }) };
}

function userOf({ account }: SpawnPlan, uid: number, helper: string | undefined): Pick<StartJob, 'user' | 'sudo'> {
  if (account.uid === uid) return {};
  if (uid === 0) return { user: { uid: account.uid, gid: account.gid } };
  if (helper !== undefined) return { sudo: { helper, name: account.name } };
  throw new GatewayError('spawn.failed', {
    message: 'This gateway does not run as root, so it can start servers of its own user alone.',
    advice: 'Ask the administrator of this site to run the gateway as root, or to set up `servers.sudo`.',
  });
}
