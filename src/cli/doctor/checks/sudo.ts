import { stat } from 'node:fs/promises';
import { findTool, toolPath } from '../../../processes/systemTools.ts';
import { ask, firstLine } from '../ask.ts';
import type { Check, Finding } from '../types.ts';

const othersMayWrite = 0o022;

/** Where sudo is to make a gateway of an ordinary user start others' servers: its helper is there, safe, and allowed. */
export const sudo: Check = {
  name: 'sudo',
  async look({ config, uid }, signal) {
    const helper = config.servers.sudo;
    if (helper === undefined) return [];
    const missing = ['sudo', 'setfacl'].filter((name) => findTool(name) === undefined);
    if (missing.length > 0)
      return [
        { outcome: 'fault', what: `Not here: ${missing.join(', ')}.`, advice: 'Debian: apt-get install sudo acl' },
      ];
    const found = await stat(helper).catch(() => undefined);
    if (found === undefined) return [{ outcome: 'fault', what: `${helper} is not there.`, advice }];
    if (found.uid !== 0 || (found.mode & othersMayWrite) !== 0)
      return [
        {
          outcome: 'fault',
          what: `${helper} could be changed by others than root.`,
          advice: `chown root, chmod 755 ${helper}`,
        },
      ];
    if (uid === 0) return [{ outcome: 'ok', what: `${helper} is there; root does not need it.` }];
    return [await mayRun(helper, signal)];
  },
};

const advice = 'Install it and its line in sudoers: docs/spawners.md, "Without root: sudo".';

/** Asks sudo what this user may run; it lists the helper or not. */
async function mayRun(helper: string, signal: AbortSignal): Promise<Finding> {
  const answer = await ask([toolPath('sudo'), '-n', '-l'], { env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, signal });
  if (answer.code === 0 && answer.stdout.includes(helper)) return { outcome: 'ok', what: `sudo allows ${helper}.` };
  return { outcome: 'fault', what: `sudo does not allow ${helper}.`, why: firstLine(answer.stderr), advice };
}
