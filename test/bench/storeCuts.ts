import { rmSync } from 'node:fs';
import { cutOnce, randomBy } from '../helpers/storeCuts.ts';
import { freshFolder } from '../helpers/storeFixture.ts';
import { writeAndKill } from '../helpers/storeKills.ts';

/**
 * The power cut at every step of a write, with every outcome of a real disk, and a writer killed with SIGKILL: `--cuts`
 * and `--kills` times (1,000 each). Ends with 1 at the first state that is neither the last acknowledged nor a later one.
 */
export async function run(args: readonly string[]): Promise<void> {
  const number = (name: string): number => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : 1000);
  const cuts = await cutMany(number('--cuts'));
  console.log(
    `power cut ${cuts} times (both documents, files exchanged, and renamed over): always the last acknowledged state or a later one`,
  );
  const kills = await killMany(number('--kills'));
  console.log(`killed ${kills} times: nothing that was acknowledged is lost`);
  if (args.includes('--json')) console.log(JSON.stringify({ ratios: {}, figures: { cuts, kills, lost: 0 } }));
}

async function cutMany(wanted: number): Promise<number> {
  let cuts = 0;
  for (let seed = 1; cuts < wanted; seed++)
    for (const which of ['admin.json', 'state.json'] as const)
      for (const exchanges of [true, false])
        for (let steps = 1; (await cutOnce({ steps, seed: seed * 1000 + steps, exchanges, which })) === 'cut'; steps++)
          cuts += 1;
  return cuts;
}

async function killMany(wanted: number): Promise<number> {
  const random = randomBy(1);
  let dataDir = freshFolder();
  for (let kills = 1; kills <= wanted; kills++) {
    await writeAndKill(dataDir, 1 + random(6), random(8));
    if (kills % 50 > 0) continue;
    console.error(`killed ${kills} times`);
    rmSync(dataDir, { recursive: true });
    dataDir = freshFolder();
  }
  return wanted;
}
