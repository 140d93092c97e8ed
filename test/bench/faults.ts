import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { cylcBin } from '../helpers/requires.ts';
import { randomBy } from '../helpers/storeCuts.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import { killGateway } from './faults/kills.ts';
import { killForkServers, killServers, runBadServers } from './faults/servers.ts';
import { openSite } from './faults/site.ts';
import type { Site } from './faults/site.ts';
import { fillDisk, freezeHome, refuseForks, reusePids } from './faults/system.ts';
import { killThreads } from './faults/threads.ts';

const all = 'gateway,gatewayCylc,threads,forkServer,servers,bad,pids,forks,disk,home';
const usage = `npm run bench -- faults [--json] [--kills 200] [--seed 1] [--late 60] [--only ${all}]
Ends with 1 at the first orphan, lost record, stuck state, or what has not healed within ten seconds.`;

/**
 * Faults on real processes (a small server that behaves as told, and the real Cylc where it is there), one after the other; after each of them the site is looked at from outside: no orphan, no
 * lost record, no stuck state, and that within ten seconds of the gateway's return.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      late: { type: 'string', default: '60' },
      only: { type: 'string', default: all },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(usage);
  const kills = Number(values.kills);
  const few = Math.max(2, Math.round(kills / 10));
  const random = randomBy(Number(values.seed));
  const folder = mkdtempSync(join(tmpdir(), 'cg-fault-cylc-'));
  chmodSync(folder, 0o755);
  const { cylc } = makeFakeCylc(join(folder, 'venv'), '/usr/bin/python3');
  const real = cylcBin() ?? cylc;
  const root = process.getuid?.() === 0;
  const figures: Record<string, unknown> = {};
  const measure = async (name: string, work: () => Promise<unknown>, needsRoot = false): Promise<void> => {
    if (!values.only.split(',').includes(name)) return;
    figures[name] = needsRoot && !root ? 'left out: needs root' : await work();
    console.log(`${name}: ${JSON.stringify(figures[name])}`);
  };
  try {
    await measure('gateway', () => onSite(cylc, (site) => killGateway(site, kills, random)));
    // A start that is wished for begins anew at the gateway's return, and may have to be a cold one.
    await measure('gatewayCylc', () => onSite(real, (site) => killGateway(site, few, random, 40_000)));
    await measure('threads', () => killThreads(few * 2, random));
    await measure('forkServer', () => onSite(real, (site) => killForkServers(site, few, random)));
    await measure('servers', () => onSite(cylc, (site) => killServers(site, few)));
    await measure('bad', () => runBadServers(cylc, Number(values.late)));
    await measure('pids', () => onSite(cylc, (site) => reusePids(site, few)), true);
    await measure('forks', () => asOrdinary((owner) => refuseForks(cylc, Math.ceil(few / 2), owner)), true);
    await measure('disk', () => fillDisk(cylc, Math.ceil(few / 2)), true);
    await measure('home', () => freezeHome(cylc, Math.ceil(few / 4)), true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (values.json === true) console.log(JSON.stringify({ ratios: {}, figures }));
}

async function onSite<T>(cylc: string, work: (site: Site) => Promise<T>): Promise<T> {
  const site = await openSite({ cylc });
  try {
    return await work(site);
  } finally {
    await site.close();
  }
}

async function asOrdinary<T>(work: (owner: ReturnType<typeof makeSystemAccount>) => Promise<T>): Promise<T> {
  const owner = makeSystemAccount();
  try {
    return await work(owner);
  } finally {
    owner.remove();
  }
}
