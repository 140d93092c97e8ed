import { chmod, copyFile, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { shortFolder } from './shortFolder.ts';

/** A PBS of four stand-in commands, whose moods a test can set. */
export interface TestPbs {
  folder: string;
  /** Its records, and the temporary folder of its jobs. */
  home: string;
  /** The documented configuration (docs/examples/pbs.yaml), with these commands. */
  config: { spawners: { command: { pbs: Record<string, unknown> } }; profiles: unknown[] };
  mood(
    command: 'qsub' | 'qstat' | 'qdel' | 'qselect',
    mood?: 'hang' | 'refuse' | 'garbage' | 'silent' | 'lost',
  ): Promise<void>;
  /** Changes a job from outside: an administrator holds it, or its history is purged. */
  change(job: string, change: Record<string, unknown> | undefined): Promise<void>;
  job(id: string): Promise<{ state: string; args: string[]; name: string; pid: number | null; exit: number | null }>;
  jobs(): Promise<string[]>;
  close(): Promise<void>;
}

export async function createPbs(): Promise<TestPbs> {
  const folder = await mkdtemp(join(tmpdir(), 'pbs-'));
  const home = shortFolder('pbs-home');
  await chmod(folder, 0o755);
  // As in a cluster, anybody may submit.
  await chmod(home, 0o1777);
  await copyFile(join(import.meta.dirname, 'pbs.py'), join(folder, 'pbs.py'));
  await chmod(join(folder, 'pbs.py'), 0o755);
  for (const name of ['qsub', 'qstat', 'qdel', 'qselect']) await symlink('pbs.py', join(folder, name));
  const config = parse(
    await readFile(join(import.meta.dirname, '../../docs/examples/pbs.yaml'), 'utf8'),
  ) as TestPbs['config'];
  Object.assign(config.spawners.command.pbs, {
    variables: { PBS_HOME: home, PATH: `${folder}:/usr/bin:/bin` },
    pollIntervalS: 0.1,
    commandTimeoutS: 2,
  });
  const file = (id: string): string => join(home, `job.${id}`);
  const read = async (id: string) =>
    JSON.parse(await readFile(file(id), 'utf8')) as Awaited<ReturnType<TestPbs['job']>>;
  return {
    folder,
    home,
    config,
    mood: async (command, mood) => {
      const path = join(home, `mood.${command}`);
      await (mood === undefined ? rm(path, { force: true }) : writeFile(path, mood));
    },
    change: async (id, change) =>
      change === undefined ? rm(file(id)) : writeFile(file(id), JSON.stringify({ ...(await read(id)), ...change })),
    job: read,
    jobs: async () => (await readdir(home)).filter((name) => /^job\.\d+\.pbs$/.test(name)).map((name) => name.slice(4)),
    async close() {
      for (const path of [folder, home]) await rm(path, { recursive: true, force: true });
    },
  };
}
