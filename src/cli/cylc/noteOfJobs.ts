import type { Config } from '../../config/schema.ts';
import { createPrograms } from '../../servers/programs.ts';
import { linkForOwnJobs, missingForJobs } from './offerCylcToJobs.ts';

/**
 * What whoever starts the gateway should know of how jobs find Cylc, if anything. On a first run without root, where
 * all servers are of this user and Cylc was found and not configured, a link is made where it is missing.
 */
export async function noteOfJobs(config: Config, { firstRun }: { firstRun: boolean }): Promise<string | undefined> {
  const { dataDir, servers, environments } = config;
  const searchPath = process.env['PATH'];
  const [program] = createPrograms({ configured: servers.cylc, dataDir, searchPath, environments }).list();
  if (program?.kind !== 'cylc') return undefined;
  const options = { program, environment: servers.environment };
  const servesOthers = process.geteuid?.() === 0 || servers.sudo !== undefined;
  const found = program.id === 'cylc' || program.id === 'cylc-installed';
  if (firstRun && found && !servesOthers) return linkForOwnJobs(options);
  return missingForJobs({ ...options, owner: servesOthers ? 'everybody' : 'self' });
}
