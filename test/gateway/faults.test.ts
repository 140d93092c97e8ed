import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killGateway } from '../bench/faults/kills.ts';
import { killForkServers, killServers, parentOf } from '../bench/faults/servers.ts';
import { openSite, pidOf } from '../bench/faults/site.ts';
import type { Site } from '../bench/faults/site.ts';
import { fillDisk, refuseForks, reusePids } from '../bench/faults/system.ts';
import { killThreads } from '../bench/faults/threads.ts';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { describeWith } from '../helpers/requires.ts';
import { randomBy } from '../helpers/storeCuts.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';

/**
 * A few of each fault; `npm run bench -- faults` has them by the hundred. After each the site is looked at from outside:
 * no orphan, no lost record, no stuck state, and healed within ten seconds.
 */
describeWith(['python'], 'faults on real processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cg-fault-cylc-'));
  const random = randomBy(7);
  let cylc: string;
  let site: Site;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    cylc = makeFakeCylc(join(folder, 'venv'), '/usr/bin/python3').cylc;
    site = await openSite({ cylc });
  });
  afterAll(async () => {
    await site.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the gateway killed while it starts, stops and writes', async () => {
    const { kills, worstHealMs } = await killGateway(site, 9, random);
    expect(kills).toBe(9);
    expect(worstHealMs).toBeLessThan(60_000);
  });

  test('the fork server of a killed gateway is at the service of the next', async () => {
    await site.start('warm');
    const forkServer = parentOf(pidOf(await site.became('warm', ['ready'])));
    await site.gateway.end('SIGKILL');
    await site.serve();
    await site.start('next');
    expect(parentOf(pidOf(await site.became('next', ['ready'])))).toBe(forkServer);
  });

  test('servers and the fork server killed', async () => {
    await killServers(site, 2);
    await killForkServers(site, 2, random);
  });

  test('threads of the pool ended in the middle of a start', async () => {
    expect(await killThreads(3, random)).toMatchObject({ killed: 3 });
  });

  describeWith(['root'], 'of the system', () => {
    test('the kernel gives the pid of a server to somebody else', async () => {
      expect(await reusePids(site, 1)).toMatchObject({ tried: 1 });
    });

    test('the disk of the records is full', () => fillDisk(cylc, 1));

    test('no process can be made any more', async () => {
      const owner = makeSystemAccount();
      try {
        await refuseForks(cylc, 1, owner);
      } finally {
        owner.remove();
      }
    });
  });
});
