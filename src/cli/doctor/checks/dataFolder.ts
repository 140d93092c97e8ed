import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkFolder } from '../../../store/checkFolder.ts';
import type { Check, Finding } from '../types.ts';

/** Records are small, but logs of servers grow; a full disk stops every change. */
const leastFreeBytes = 100e6;

export const dataFolder: Check = {
  name: 'Data folder',
  look({ config: { dataDir }, ownData }) {
    const found = checkFolder(dataDir).map((what): Finding => ({ outcome: 'fault', what }));
    const here = existsSync(dataDir);
    const place = here ? dataDir : nearest(dataDir);
    if (!isWritable(place))
      return [
        ...found,
        {
          outcome: 'fault',
          what: `${place} cannot be written by you, so ${here ? 'the records cannot change' : `${dataDir} cannot be made`}.`,
          advice: 'Run this as the user who runs the gateway; if you did, chown the folder, or set another (dataDir).',
        },
      ];
    const { bavail, bsize } = statfsSync(place);
    const free = bavail * bsize;
    if (free < leastFreeBytes)
      found.push({
        outcome: 'fault',
        what: `Only ${Math.round(free / 1e6)} MB are free in ${place}.`,
        advice: 'Free some: what cannot be written is refused, and people see so.',
      });
    if (!ownData)
      found.push({
        outcome: 'warn',
        what: `${dataDir} belongs to another user: a gateway of yours would not take it.`,
        advice: 'Run this as the user who runs the gateway; some things can be seen only then.',
      });
    const what = here ? dataDir : `${dataDir} is made at the first start.`;
    return found.length > 0 ? found : [{ outcome: 'ok', what }];
  },
};

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
