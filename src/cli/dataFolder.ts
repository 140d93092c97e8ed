import { SetupError } from '../errors.ts';
import type { LoadedConfig } from '../config/load.ts';
import { holdsStore } from '../store/foreign.ts';

/**
 * A relative `dataDir` once meant a folder below the current one. Where such a folder holds records, nothing may be done
 * with another until an administrator has said which of the two is right.
 *
 * @throws SetupError naming both, and the line to write
 */
export function refuseFormerFolder({ config: { dataDir }, file, formerDataDir }: LoadedConfig): void {
  // A folder that this user may not look into is none that a gateway of this user has written.
  if (formerDataDir === undefined || holdsStore(formerDataDir) !== 'yes') return;
  const isAlone = holdsStore(dataDir) === 'no';
  throw new SetupError(
    `dataDir is relative, so it is ${dataDir}, beside the configuration file; but ${formerDataDir}, where earlier versions looked, ${isAlone ? 'holds the records and the other folder does not' : 'holds records as well'}.`,
    {
      advice: isAlone
        ? `Write this line into ${file ?? 'the configuration'}: dataDir: ${formerDataDir}`
        : `Say which one is right by a line in ${file ?? 'the configuration'}: dataDir: ${formerDataDir} or dataDir: ${dataDir}`,
    },
  );
}

/**
 * For every command that works on records which are there: a change to an empty folder would change nothing that any
 * gateway reads. Where this user may not look, the lock or the control socket has the last word.
 *
 * @throws SetupError where no gateway has run with this folder
 */
export function requireStore({ config: { dataDir }, file }: LoadedConfig): void {
  if (holdsStore(dataDir) !== 'no') return;
  throw new SetupError(
    `There are no records of a gateway in ${dataDir} (${file === null ? 'no configuration file was read' : `configuration: ${file}`}).`,
    {
      advice:
        'Name the configuration of the gateway (--config FILE) or its folder (--data FOLDER). If it is new, start it once first. Nothing was changed.',
      exitCode: 66,
    },
  );
}
