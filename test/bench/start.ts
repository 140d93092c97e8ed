import { parseArgs } from 'node:util';
import { cylcBin } from '../helpers/requires.ts';
import { measureFifty, measureTwenty } from './start/many.ts';
import { measureParts } from './start/parts.ts';
import { measureRecords } from './start/records.ts';
import { fiftyText, partsText, recordsText, stallText, twentyText, waysText } from './start/report.ts';
import { measureStall } from './start/stall.ts';
import { measureWays } from './start/ways.ts';

const usage = `npm run bench -- start [--json] [--rounds 3] [--without-jupyterhub] [--only ways,parts,twenty,fifty,records,stall]`;

/** How long a UI server takes to start, and what it takes of the machine; with the real Cylc. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string', default: '3' },
      'without-jupyterhub': { type: 'boolean' },
      only: { type: 'string', default: 'ways,parts,twenty,fifty,records,stall' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(usage);
  if (cylcBin() === undefined) throw new Error('Cylc is not here; to get it: npm run cylc:install');
  const rounds = Number(values.rounds);
  const only = new Set(values.only.split(','));
  const figures: Record<string, unknown> = {};
  let ratios = {};
  const measure = async (name: string, work: () => Promise<{ text: string; figures: unknown }>): Promise<void> => {
    if (!only.has(name)) return;
    const { text, figures: found } = await work();
    console.log(text);
    figures[name] = found;
  };
  await measure('ways', async () => {
    const found = waysText(await measureWays(rounds, values['without-jupyterhub'] !== true));
    ratios = found.ratios;
    return found;
  });
  await measure('parts', async () => partsText(await measureParts(rounds + 2)));
  await measure('twenty', async () => twentyText(await measureTwenty(20)));
  await measure('fifty', async () => fiftyText(await measureFifty(50)));
  await measure('records', async () => recordsText(await measureRecords([10, 10_000], 20, rounds)));
  await measure('stall', async () => stallText(await measureStall(50)));
  if (values.json === true) console.log(JSON.stringify({ ratios, figures }));
}
