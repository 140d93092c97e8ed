import type { PollResult } from '../types.ts';

/** One job as squeue tells it. */
export interface SlurmJob {
  id: string;
  state: string;
  reason: string;
  /** Node of the batch script; empty while it has none. */
  host: string;
  /** Expected or actual start; empty where unknown. */
  startTime: string;
  name: string;
}

/** `--format` of squeue; every version knows these. The name is last: it may hold the separator. */
export const queueFormat = '%i|%T|%r|%B|%S|%j';

/** Lines of squeue, and nothing else: a line of another shape throws, since then nothing it says can be trusted. */
export function parseQueue(text: string): SlurmJob[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [id = '', state = '', reason, host, startTime, ...name] = line.split('|');
      if (!/^\d+([_+.].*)?$/.test(id) || !/^[A-Z_]+$/.test(state) || startTime === undefined)
        throw new Error(`squeue said something else: ${line.slice(0, 100)}`);
      return { id, state, reason: known(reason), host: known(host), startTime: known(startTime), name: name.join('|') };
    });
}

function known(text: string | undefined): string {
  return text === undefined || /^(None|n\/a|N\/A|\(null\))$/.test(text) ? '' : text;
}

/** States in which a job waits for nodes, or for its nodes to come up (squeue(1), "JOB STATE CODES"). */
const waiting = new Set([
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_HOLD',
  'REQUEUE_FED',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
]);
const running = new Set(['RUNNING', 'SUSPENDED', 'STOPPED', 'RESIZING', 'SIGNALING', 'STAGE_OUT']);

const endings: Readonly<Record<string, string>> = {
  CANCELLED: 'its job was cancelled',
  TIMEOUT: 'its job has used up its time limit',
  PREEMPTED: 'its job had to make way for another of higher priority',
  NODE_FAIL: 'the node of its job failed or was lost',
  BOOT_FAIL: 'the node of its job did not start',
  OUT_OF_MEMORY: 'its job has used more memory than it asked for',
  DEADLINE: 'its job has passed its deadline',
  REVOKED: 'its job was taken over by another cluster',
  COMPLETED: 'its job has ended',
  COMPLETING: 'its job is ending',
  FAILED: 'its job failed',
};

/** What a state means for the server. `gone` also while Slurm still clears up: it ends what is left by itself. */
export function readState(job: SlurmJob): PollResult {
  if (waiting.has(job.state)) return { state: 'pending', detail: pendingText(job) };
  if (running.has(job.state))
    return job.state === 'RUNNING' ? { state: 'up' } : { state: 'up', detail: `Slurm says ${job.state}.` };
  const ending = endings[job.state];
  if (ending === undefined) return { state: 'unknown', why: `Slurm says ${job.state}` };
  const detail = `Slurm: ${ending} (job ${job.id}, ${job.state}${job.reason === '' ? '' : `, ${job.reason}`})`;
  return { state: 'gone', exitCode: null, signal: null, detail };
}

/** Why Slurm makes it wait, in words for the usual reasons (squeue(1), "JOB REASON CODES"). */
const reasons: Readonly<Record<string, string>> = {
  Priority: 'jobs of higher priority go first',
  Resources: 'its resources are not free yet',
  Dependency: 'it depends on another job',
  PartitionDown: 'its partition starts no jobs now',
  PartitionInactive: 'its partition starts no jobs now',
  PartitionNodeLimit: 'it asks for more than its partition has',
  PartitionTimeLimit: 'it asks for more time than its partition allows',
  ReqNodeNotAvail: 'a node that it needs is not available now',
  JobHeldUser: 'it is held by its owner',
  JobHeldAdmin: 'it is held by an administrator',
  BeginTime: 'its begin time has not come',
  Licenses: 'a licence is not free yet',
  NodeDown: 'a node that it needs is down',
  Reservation: 'its reservation has not begun',
};

function pendingText(job: SlurmJob): string {
  if (job.state === 'CONFIGURING') return `Job ${job.id}: its node is being made ready.`;
  const code = job.reason.replace(/,.*/, '');
  const words = reasons[code] ?? (/^(Assoc|QOS)/.test(code) ? 'a limit of your account or QOS is reached' : '');
  const why = words === '' ? job.reason || 'Slurm has not looked at it yet' : `${words} (${job.reason})`;
  const start = job.startTime === '' ? '' : ` Expected to start at ${job.startTime.replace('T', ' ')}.`;
  return `Job ${job.id} waits in the queue: ${why}.${start}`;
}

/** `ExitCode=3:0` of scontrol: exit code, and signal of the batch script. */
export function parseExit(text: string): { exitCode: number | null; signal: number | null; state: string } | undefined {
  const exit = /\bExitCode=(\d+):(\d+)/.exec(text);
  const state = /\bJobState=([A-Z_]+)/.exec(text)?.[1];
  if (exit === null || state === undefined) return undefined;
  const signal = Number(exit[2]);
  return { exitCode: signal === 0 ? Number(exit[1]) : null, signal: signal === 0 ? null : signal, state };
}
