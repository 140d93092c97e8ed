import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './gateway.ts';
import { until } from './until.ts';

const exec = promisify(execFile);

/** A Slurm of one node on loopback, with its own key, configuration and state. */
export interface TestSlurm {
  /** `slurm.conf`: what `SLURM_CONF` has to name. */
  conf: string;
  /** Runs one of Slurm's commands as root and returns what it prints. */
  run(program: string, ...args: string[]): Promise<string>;
  /** Ends a daemon, or starts it again. A controller that is killed forgets its youngest jobs: give it SIGTERM. */
  kill(daemon: 'slurmctld' | 'slurmd', signal: NodeJS.Signals): Promise<void>;
  start(daemon: 'slurmctld' | 'slurmd'): void;
  close(): Promise<void>;
}

/**
 * Starts munged, slurmctld and slurmd as root, in a temporary folder. Partitions: `work` (default), `urgent` (its jobs
 * preempt those of `work`), and `shut` (takes jobs and starts none).
 */
export async function startSlurm(): Promise<TestSlurm> {
  const folder = await mkdtemp(join(tmpdir(), 'slurm-'));
  await chmod(folder, 0o755);
  const conf = join(folder, 'slurm.conf');
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SLURM_CONF: conf, LANG: 'C.UTF-8' };
  await writeConf(folder, conf);
  const running = new Map<string, ChildProcess>();
  const start = (name: string, args: string[]): void => {
    const child = spawn(`/usr/sbin/${name}`, args, { env, cwd: folder, stdio: 'ignore' });
    running.set(name, child);
  };
  const startDaemon = (name: 'slurmctld' | 'slurmd'): void => start(name, ['-D', '-f', conf]);
  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    const child = running.get(name);
    running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const run = async (program: string, ...args: string[]): Promise<string> =>
    (await exec(program, args, { env, timeout: 20_000 })).stdout;
  const logs = async (): Promise<string> =>
    (
      await Promise.all(
        ['munged.log', 'slurmctld.log', 'slurmd.log'].map((name) => readFile(join(folder, name), 'utf8').catch(String)),
      )
    ).join('\n---\n');

  start('munged', await mungedArgs(folder));
  await until(
    () =>
      exec('munge', ['-n', '-S', join(folder, 'munge.socket')]).then(
        () => true,
        () => false,
      ),
    60_000,
  );
  startDaemon('slurmctld');
  startDaemon('slurmd');
  await until(
    () =>
      run('sinfo', '-h', '-o', '%T').then(
        (text) => text.includes('idle'),
        () => false,
      ),
    60_000,
  ).catch(async () => {
    throw new Error(`Slurm did not start:\n${await logs()}`);
  });
  return {
    conf,
    run,
    kill: end,
    start: startDaemon,
    async close() {
      await run('scancel', '--state=RUNNING', '--signal=KILL', '--full', '--user=root').catch(() => {});
      for (const name of ['slurmd', 'slurmctld', 'munged']) await end(name, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function mungedArgs(folder: string): Promise<string[]> {
  const key = join(folder, 'munge.key');
  await writeFile(key, randomBytes(128), { mode: 0o600 });
  const file = (kind: string): string => `--${kind}-file=${join(folder, `munged.${kind}`)}`;
  return [
    '--foreground',
    '--force',
    `--key-file=${key}`,
    `--socket=${join(folder, 'munge.socket')}`,
    file('log'),
    file('pid'),
    file('seed'),
  ];
}

async function writeConf(folder: string, conf: string): Promise<void> {
  for (const name of ['state', 'spool']) await mkdir(join(folder, name), { mode: 0o755 });
  const node = hostname().split('.')[0] ?? 'localhost';
  const [ctld, slurmd] = [await freePort(), await freePort()];
  await writeFile(
    conf,
    `ClusterName=gateway
SlurmctldHost=${node}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=${join(folder, 'munge.socket')}
CryptoType=crypto/munge
SlurmctldPort=${ctld}
SlurmdPort=${slurmd}
StateSaveLocation=${join(folder, 'state')}
SlurmdSpoolDir=${join(folder, 'spool')}
SlurmctldPidFile=${join(folder, 'slurmctld.pid')}
SlurmdPidFile=${join(folder, 'slurmd.pid')}
SlurmctldLogFile=${join(folder, 'slurmctld.log')}
SlurmdLogFile=${join(folder, 'slurmd.log')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=2
KillWait=5
MinJobAge=60
DefMemPerCPU=100
NodeName=${node} NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=work Nodes=${node} Default=YES PriorityTier=1 MaxTime=1-00:00:00 State=UP
PartitionName=urgent Nodes=${node} PriorityTier=10 MaxTime=INFINITE State=UP
PartitionName=shut Nodes=${node} MaxTime=INFINITE State=DOWN
`,
  );
}
