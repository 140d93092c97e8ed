import type { Command } from 'commander';
import { SetupError } from '../errors.ts';
import { createGateway } from '../gateway.ts';
import { keyText } from '../servers/types.ts';
import type { ServerView } from '../servers/types.ts';
import { createLog } from '../telemetry/log.ts';
import { addCommonOptions, loadFromOptions } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';

const running = new Set<ServerView['phase']>(['queued', 'starting', 'ready', 'stopping', 'unknown']);

export function registerServers(program: Command): void {
  const servers = program.command('servers').description('the UI servers that this gateway has started');
  addCommonOptions(servers.command('stop').description('stop servers that an ended gateway has left running'))
    .requiredOption('--all', 'all of them')
    .action(stopAll);
}

/** Works on the records of a gateway that is down: the store's lock keeps it off a running one. */
async function stopAll(options: CommonOptions): Promise<void> {
  const { config, file } = await loadFromOptions(options);
  const gateway = await createGateway({ config, firstRun: file === null, log: createLog(config.log) });
  try {
    await gateway.servers.reconcile();
    const left = gateway.servers.list().filter((server) => running.has(server.phase));
    if (left.length === 0) console.log('No server is running.');
    const failed = await Promise.all(left.map((server) => stopOne(gateway.servers, server)));
    if (failed.includes(true))
      throw new SetupError('Not every server has stopped.', {
        advice: 'Look at the reasons above, then try again.',
        exitCode: 75,
      });
  } finally {
    await gateway.close();
  }
}

async function stopOne(
  servers: Awaited<ReturnType<typeof createGateway>>['servers'],
  server: ServerView,
): Promise<boolean> {
  try {
    await servers.stop(server, { by: 'command line' });
    console.log(`Stopped ${keyText(server)}`);
    return false;
  } catch (error) {
    console.error(`Did not stop ${keyText(server)}: ${(error as Error).message}`);
    return true;
  }
}
