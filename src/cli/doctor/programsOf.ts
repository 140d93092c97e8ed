import { createPrograms } from '../../servers/programs.ts';
import type { Program } from '../../servers/programs.ts';
import type { Subject } from './types.ts';

/** What the gateway would offer to start. */
export function programsOf({ config, searchPath }: Subject): Program[] {
  const { dataDir, servers, environments } = config;
  return createPrograms({ configured: servers.cylc, dataDir, searchPath, environments }).list();
}
