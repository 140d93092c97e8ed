import { raceEditor } from '../helpers/storeRace.ts';

/** 10,000 writes of the program while another process saves 200 edits of the same file. `--writes`, `--edits`. */
export async function run(args: readonly string[]): Promise<void> {
  const number = (name: string, usual: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? usual : Number(args[at + 1]);
  };
  const [writes, edits] = [number('--writes', 10_000), number('--edits', 200)];
  const end = await raceEditor({ writes, edits, thinkMs: 40 });
  console.log(
    `${writes} writes, ${edits} edits in ${end.seconds.toFixed(1)} s: ${end.lostWrites} writes and ${end.lostEdits} edits lost`,
  );
  if (args.includes('--json')) console.log(JSON.stringify({ ratios: {}, figures: { writes, edits, ...end } }));
  if (end.lostWrites + end.lostEdits > 0) process.exitCode = 1;
}
