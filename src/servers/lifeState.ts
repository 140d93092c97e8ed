import { GatewayError } from '../errors.ts';
import { readLaunchNote } from '../spawners/notes.ts';
import type { ServerRecord } from '../store/schema.ts';
import type { DeepReadonly } from '../store/types.ts';
import { endProcess } from './endProcess.ts';
import { describeFailure } from './failure.ts';
import type { LifeParts } from './lifeParts.ts';
import { plainText } from './logTail.ts';
import { createProgressLog } from './progressLog.ts';
import type { ProgressLog } from './progressLog.ts';
import { keyText } from './types.ts';
import type { ServerFailure, ServerKey, ServerPhase } from './types.ts';

/** The recorded state of one server, and the few ways to change it. */
export interface LifeState {
  readonly target: { kind: 'server'; owner: string; name: string };
  /** Secrets of the start under way: not to be shown with its log. */
  secrets: readonly string[];
  record(): DeepReadonly<ServerRecord> | undefined;
  phase(): ServerPhase;
  /** The only way to change the record: in memory at once; resolves when it is on disk. */
  enter(change: Partial<ServerRecord>): Promise<void>;
  /** The same where life goes on without the disk: what could not be written is found by the start's file. */
  settle(change: Partial<ServerRecord>): Promise<void>;
  /** No process any more. */
  dead(to: 'stopped' | 'failed', failure: ServerFailure | null): Promise<void>;
  /** Ends the process on record; true if it is gone. */
  end(force: AbortSignal): Promise<boolean>;
  /** Takes over a process that a start launched and did not come to record. */
  adoptCutOff(): Promise<void>;
  explain(error: unknown): Promise<ServerFailure>;
  progress(): ProgressLog;
  newProgress(): ProgressLog;
}

const tailLines = 40;
/** The launcher's words (workers/launcher.ts, workers/forkserver/child.py, workers/sudo/become.py). */
const noLog = 'There is no log of this start';

export function createLifeState(key: ServerKey, parts: LifeParts): LifeState {
  const { records, clock, log } = parts;
  let progress: ProgressLog | undefined;
  const spawner = () => parts.spawner(state.record()?.spawner ?? '');

  const state: LifeState = {
    target: { kind: 'server', owner: key.owner, name: key.name },
    secrets: [],
    record: () => records.get(key),
    phase: () => records.get(key)?.phase ?? 'stopped',
    enter(change) {
      const before = state.phase();
      const written = records.update(key, change);
      const now = records.get(key);
      if (now !== undefined && now.phase !== before) parts.emit(records.view(now));
      return written;
    },
    settle: (change) =>
      state
        .enter(change)
        .catch((error: unknown) => log.warn({ err: error, server: keyText(key) }, 'record of the server not written')),
    async dead(to, failure) {
      const { handle, upstream } = state.record() ?? {};
      parts.routes.close(state.target);
      if (handle?.kind === 'process' && upstream?.kind === 'unix')
        await parts
          .sweep(upstream.path)
          .catch((error: unknown) => log.warn({ err: error }, 'left-overs not looked for'));
      await parts.hub.forget(key).catch((error: unknown) => log.warn({ err: error }, 'tokens not forgotten on disk'));
      await state.settle({ phase: to, handle: null, upstream: null, runFile: null, failure });
      if (handle) await spawner().forget(handle);
      log.info({ server: keyText(key), ...(failure && { reason: failure.reason }) }, `server ${to}`);
    },
    async end(force) {
      const handle = state.record()?.handle;
      if (!handle) return true;
      const report = (message: string): void => state.progress().add({ progress: 50, message, phase: state.phase() });
      const termTimeoutMs = parts.config.stopTimeoutS * 1000;
      return endProcess({ spawner: spawner(), handle, termTimeoutMs, force, report });
    },
    async adoptCutOff() {
      const { handle, runFile } = state.record() ?? {};
      if (handle || !runFile) return;
      const found = await spawner().recover({ runFile, key });
      if (found) await state.settle({ handle: found });
    },
    async explain(error) {
      const { command = '' } = state.record() ?? {};
      const logTail = await lastWords();
      return describeFailure({ error, logTail, command, secrets: state.secrets, atMs: clock.now() });
    },
    progress: () => (progress ??= pastProgress()),
    newProgress: () => (progress = createProgressLog(clock)),
  };

  /** What was said before the log was open goes first; where it could not be opened, that is all there is. */
  async function lastWords(): Promise<string> {
    const { logFile = null, handle, runFile } = state.record() ?? {};
    const notes = handle?.kind === 'process' ? handle.runFile : runFile;
    const note = notes ? plainText(await readLaunchNote(notes)) : '';
    // Where nothing was launched the log is that of the start before.
    if (!handle || note.startsWith(noLog)) return note;
    const tail = await parts.logs.tail({ owner: key.owner, logFile }, tailLines).catch(() => '');
    return [note, tail].filter((text) => text !== '').join('\n');
  }

  /** After a restart of the gateway, late comers still get a final event. */
  function pastProgress(): ProgressLog {
    const past = createProgressLog(clock);
    const view = state.record();
    const phase = state.phase();
    if (phase === 'ready') past.end({ progress: 100, message: 'Ready.', phase, ready: true, url: urlOf() });
    else if (phase === 'failed')
      past.end({ progress: 100, message: view?.failure?.reason ?? 'Failed.', phase, failed: true });
    else
      past.end({
        progress: 100,
        message: phase === 'stopped' ? 'Stopped.' : 'It cannot be told whether it runs.',
        phase,
      });
    return past;
  }

  function urlOf(): string {
    return parts.urls.prefix(key) + (state.record()?.page ?? '');
  }
  return state;
}

export function unkillable(): GatewayError {
  return new GatewayError('stop.failed', {
    message: 'The server cannot be killed: its process is stuck in the system.',
    advice: 'Try again later; an administrator can see with `ps` what it waits for.',
  });
}
