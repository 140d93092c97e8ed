import { rm } from 'node:fs/promises';
import pino from 'pino';
import type { ServerView } from '../../../src/servers/types.ts';
import { createPrograms } from '../../../src/servers/programs.ts';
import { createAccountSpawner } from '../../../src/spawners/account.ts';
import { createJobPool } from '../../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../../src/spawners/warm.ts';
import { forkServerKnows } from '../../helpers/forkServerKnows.ts';
import { createHubWorld } from '../../helpers/hubWorld.ts';
import type { HubWorld } from '../../helpers/hubWorld.ts';
import { cylcBin } from '../../helpers/requires.ts';
import { createServersWorld, ownAccount } from '../../helpers/serversWorld.ts';
import type { ServersWorld } from '../../helpers/serversWorld.ts';
import { shortFolder } from '../../helpers/shortFolder.ts';

/** The servers room with the Hub, as in the gateway, for the real Cylc. */
export interface Room {
  world: ServersWorld;
  hub: HubWorld;
  /** Starts a server of that name and waits until it is ready. */
  start(name: string): Promise<{ ms: number; view: ServerView }>;
  close(): Promise<void>;
}

export async function openRoom(kind: 'warm' | 'cold'): Promise<Room> {
  const pool = createJobPool();
  const dataDir = shortFolder('cg-data');
  const account = createAccountSpawner({ pool });
  const warm = createWarmSpawner({ account, pool, dataDir, runtimeDir: dataDir, log: pino({ level: 'silent' }) });
  const hub = await createHubWorld({ people: [ownAccount()], runtimeDir: shortFolder('cg-hub'), realClock: true });
  const world = await createServersWorld({
    spawners: kind === 'warm' ? [warm, account] : [account],
    programs: createPrograms({ configured: cylcBin(), dataDir, searchPath: '' }),
    hub: hub.hub.contract,
    config: { startTimeoutS: 120 },
  });
  const room: Room = {
    world,
    hub,
    async start(name) {
      const key = { owner: world.key.owner, name };
      const begun = performance.now();
      await world.start('good', key);
      const view = await world.became('ready', key, 120_000);
      return { ms: performance.now() - begun, view };
    },
    async close() {
      await world.close();
      await hub.close();
      await pool.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  // The fork server of a gateway is long ready when the first user comes.
  if (kind === 'warm') {
    await forkServerKnows(dataDir);
    await room.start('first');
  }
  return room;
}
