import { GatewayError } from '../errors.ts';
import type { ServerRecord } from '../store/schema.ts';
import type { Launch, LifeParts } from './lifeParts.ts';
import type { LifeState } from './lifeState.ts';
import { redactCommand } from './logTail.ts';
import { preparePlan, secretsOf } from './launchPlan.ts';
import { socketPath } from './sockets.ts';
import type { WaitReason } from './admission.ts';
import type { ServerKey } from './types.ts';
import { waitReady } from './waitReady.ts';

interface Run {
  key: ServerKey;
  parts: LifeParts;
  state: LifeState;
  signal: AbortSignal;
}

/**
 * A start, from its place in the queue to a ready server. Rejects when it fails or is cancelled: what was launched by
 * then is on record, for whoever ends it.
 */
export async function launchServer(
  run: Run & { launch: Launch; runFile: string; recorded: Promise<void> },
): Promise<void> {
  const { parts, state, signal } = run;
  // Looked at before the launch: until then its failure is nobody's.
  run.recorded.catch(() => {});
  const leave = await parts.admission.enter(run.key, (place, why) => report(run, 2, queueText(place, why)), signal);
  try {
    void state.settle({ phase: 'starting' });
    // Before the launch: a quick server calls the Hub before its spawner says that it runs.
    const sinceMs = parts.clock.now();
    await launch(run);
    await becomeReady(run, sinceMs, { onPending: leave });
  } finally {
    leave();
  }
}

/** The rest of a start whose process was found again. */
export async function resumeServer(run: Run): Promise<void> {
  const startedAt = Date.parse(run.state.record()?.startedAt ?? '');
  await run.state.settle({ phase: 'starting', ...(await usualPlaces(run)) });
  report(run, 30, 'The gateway was restarted; the server goes on starting.');
  await becomeReady(run, Math.min(startedAt || 0, run.parts.clock.now()), { contactGraceMs });
}

/** Longer than Cylc's second try to reach the Hub. One that never reaches it ends by itself within a minute. */
const contactGraceMs = 4000;

/** Killed just after the launch, a gateway may not have written where the server listens: where they all do. */
async function usualPlaces({
  key,
  parts,
  state,
}: Run): Promise<Pick<ServerRecord, 'upstream' | 'logFile'> | undefined> {
  const account = state.record()?.upstream ? undefined : await parts.accounts.find(key.owner);
  if (account === undefined) return undefined;
  const path = socketPath(parts.runtimeDir, account.uid, key);
  return { upstream: { kind: 'unix', path }, logFile: parts.logs.pathOf(key, account) };
}

async function launch(run: Run & { launch: Launch; runFile: string; recorded: Promise<void> }): Promise<void> {
  const { key, parts, state, signal } = run;
  report(run, 5, 'Preparing.');
  const account = await parts.accounts.find(key.owner);
  if (account === undefined)
    throw new GatewayError('auth.no-account', { message: 'There is no account of this name on this system.' });
  // The file's name must be on disk before anything is launched: by it a killed gateway finds what it launched. It goes
  // there with the tokens of the plan, in one write.
  const plans = preparePlan({ key, account, launch: run.launch, runFile: run.runFile, parts });
  const [plan] = await Promise.all([plans, run.recorded]);
  state.secrets = secretsOf(plan.env);
  const { upstream, logFile } = plan;
  const noted = state.settle({ command: redactCommand(plan.command), logFile, upstream });
  // A socket's place is known beforehand; a port has to be on disk before anything listens there.
  if (upstream.kind === 'tcp') await noted;
  signal.throwIfAborted();
  const handle = await parts.spawner(run.launch.spawner).start(plan, (message) => report(run, 10, message), signal);
  void state.settle({ handle });
  signal.throwIfAborted();
}

async function becomeReady(
  run: Run,
  sinceMs: number,
  how: { onPending?: () => void; contactGraceMs?: number },
): Promise<void> {
  const { key, parts, state, signal } = run;
  const record = state.record();
  if (!record?.handle || !record.upstream)
    throw new GatewayError('internal', { facts: { why: 'no process on record' } });
  const { handle, upstream, spawner } = record;
  report(
    run,
    30,
    handle.kind === 'process' ? `Process ${handle.process.pid} is up.` : `Job ${handle.jobId} is submitted.`,
  );
  const found = await waitReady({
    key,
    handle,
    upstream,
    sinceMs,
    parts,
    ...how,
    signal,
    spawner: parts.spawner(spawner),
    report: (progress, message) => report(run, progress, message),
  });
  parts.routes.open(state.target, found);
  void state.settle({ phase: 'ready', upstream: found, lastActivityAt: new Date(parts.clock.now()).toISOString() });
  const url = parts.urls.prefix(key) + record.page;
  state.progress().end({ progress: 100, message: 'Ready.', phase: 'ready', ready: true, url });
}

function queueText(place: number, why: WaitReason): string {
  const where = place === 1 ? 'Next in the queue' : `In the queue, place ${place}`;
  if (why === 'servers') return `${where}: this site has as many servers as it may.`;
  return why === 'own' ? `${where}: other servers of this account are starting.` : `${where}.`;
}

function report({ state }: Run, progress: number, message: string): void {
  state.progress().add({ progress, message, phase: state.phase() });
}
