import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../../config/schema.ts';
import { findProgram, sitePath } from '../../../processes/systemTools.ts';
import { ask, firstLine } from '../ask.ts';
import type { Check, Finding } from '../types.ts';

/** The batch systems that servers may run under: their commands are here, and Slurm's controller answers. */
export const batch: Check = {
  name: 'Batch system',
  async look({ config: { spawners } }, signal) {
    const commands = Object.entries(spawners.command).map(([name, one]) => checkCommands(name, one));
    return [...(spawners.slurm === undefined ? [] : await checkSlurm(spawners.slurm, signal)), ...commands];
  },
};

async function checkSlurm(slurm: NonNullable<Config['spawners']['slurm']>, signal: AbortSignal): Promise<Finding[]> {
  const tool = (name: string): string | undefined =>
    findProgram(slurm.bin === undefined ? name : join(slurm.bin, name), sitePath.split(':'));
  const missing = ['sbatch', 'squeue', 'scancel', 'sinfo'].filter((name) => tool(name) === undefined);
  if (missing.length > 0)
    return [
      {
        outcome: 'fault',
        what: `Slurm's commands are not here: ${missing.join(', ')}.`,
        why: `Looked for in ${slurm.bin ?? sitePath}.`,
        advice: 'Install them (Debian: slurm-client), or set spawners.slurm.bin.',
      },
    ];
  if (slurm.conf !== undefined && !existsSync(slurm.conf))
    return [{ outcome: 'fault', what: `${slurm.conf} is not there.`, advice: 'Correct spawners.slurm.conf.' }];
  const env = { PATH: sitePath, LANG: 'C.UTF-8', ...(slurm.conf === undefined ? {} : { SLURM_CONF: slurm.conf }) };
  const version = await ask([tool('sinfo') ?? '', '--version'], { env, signal });
  const nodes = await ask([tool('sinfo') ?? '', '--noheader', '--format=%D %a'], { env, signal });
  if (nodes.code === 0) return [{ outcome: 'ok', what: `${firstLine(version.stdout)} answers.` }];
  return [
    {
      outcome: 'fault',
      what: 'Slurm does not answer: no server can be started as a job.',
      why: firstLine(nodes.stderr),
      advice: 'See that slurmctld runs and that this host may ask it (sinfo, munge), or set spawners.slurm.conf.',
    },
  ];
}

function checkCommands(name: string, system: Config['spawners']['command'][string]): Finding {
  const { submit, poll, cancel, kill = [], find = [] } = system;
  const programs = [submit, poll, cancel, kill, find].flatMap(([program]) => program ?? []);
  const missing = [...new Set(programs)].filter((program) => findProgram(program, sitePath.split(':')) === undefined);
  if (missing.length === 0) return { outcome: 'ok', what: `${system.title}: its commands are here.` };
  return {
    outcome: 'fault',
    what: `${system.title}: not here: ${missing.join(', ')}.`,
    why: `Looked for in ${sitePath}.`,
    advice: `Install them, or give whole paths in spawners.command.${name}.`,
  };
}
