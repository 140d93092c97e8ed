import { rm } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';
import type { JobPool } from './pool.ts';
import type { Spawner, SpawnPlan } from './types.ts';

/**
 * Launches a server as a process of its account on this host. A gateway that runs as root becomes the account's user,
 * with all its groups; any other can start only its own user's servers.
 */
export function createAccountSpawner(options: { pool: JobPool; uid?: number }): Spawner {
  const { pool } = options;
  const uid = options.uid ?? process.getuid?.() ?? 0;
  return {
    kind: 'account',
    async start(plan, report) {
      report('Starting the process.');
      const result = await pool.run('start', { ...jobOf(plan), ...userOf(plan, uid) });
      if (result.ok) return { kind: 'process', process: result.process, runFile: plan.runFile };
      throw new GatewayError('spawn.failed', { message: `The server was not started: ${result.detail}.` });
    },
    poll: async (handle) =>
      handle.kind === 'process' ? await pool.run('poll', handle) : { state: 'unknown', why: 'not a process' },
    async stop(handle, how) {
      if (handle.kind === 'process') await pool.run('stop', { process: handle.process, how });
    },
    async recover({ runFile }) {
      const process = await pool.run('recover', { runFile });
      return process && { kind: 'process', process, runFile };
    },
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

function userOf(plan: SpawnPlan, uid: number): { user?: { uid: number; gid: number } } {
  if (plan.account.uid === uid) return {};
  if (uid === 0) return { user: { uid: plan.account.uid, gid: plan.account.gid } };
  throw new GatewayError('spawn.failed', {
    message: 'This gateway does not run as root, so it can start servers of its own user alone.',
    advice: 'Ask the administrator of this site to run the gateway as root, or to configure the sudo mode.',
  });
}

async function removeNotes(runFile: string): Promise<void> {
  for (const kind of ['pid', 'exit', 'claim', 'plan']) await rm(`${runFile}.${kind}`, { force: true });
}
