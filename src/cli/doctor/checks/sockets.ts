import { lstat } from 'node:fs/promises';
import { runtimeDirFault } from '../../../servers/sockets.ts';
import type { Check } from '../types.ts';

export const sockets: Check = {
  name: 'Sockets',
  async look({ runtimeDir, config, uid }) {
    const fault = runtimeDirFault(runtimeDir);
    if (fault !== undefined) throw fault;
    const found = await lstat(runtimeDir).catch(() => undefined);
    if (found === undefined) return [{ outcome: 'ok', what: `${runtimeDir} is made at the start.` }];
    const owner = uid === 0 ? found.uid : uid;
    if (!found.isDirectory() || found.uid !== owner)
      return [
        {
          outcome: 'fault',
          what: `${runtimeDir} is not a folder of yours.`,
          advice: config.runtimeDir === undefined ? 'Remove it.' : 'Remove it, or set another runtimeDir.',
        },
      ];
    return [{ outcome: 'ok', what: runtimeDir }];
  },
};
