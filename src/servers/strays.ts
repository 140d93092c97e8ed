import { GatewayError } from '../errors.ts';
import { ownerOfSocket } from '../listen/accountSocket.ts';
import type { Spawner, StrayProcess } from '../spawners/types.ts';
import type { ServerRecord } from '../store/schema.ts';
import type { DeepReadonly } from '../store/types.ts';
import type { Records } from './records.ts';

/** A server that runs without a record, as after `state.json` was lost: shown and ended when somebody asks for it. */
export interface Stray {
  pid: number;
  /** Whose it is. */
  uid: number;
  command: string;
}

export interface Strays {
  list(): Promise<Stray[]>;
  /** Ends this one; throws `request.not-found` where it is none. */
  end(pid: number): Promise<void>;
}

export function createStrays(parts: {
  records: Records;
  spawners: readonly Spawner[];
  runtimeDir: string;
}): Strays & { sweep(socket: string): Promise<void> } {
  const { records, runtimeDir } = parts;
  const spawner = parts.spawners.find(({ strays }) => strays !== undefined);
  const found = async (uid?: number): Promise<StrayProcess[]> => (await spawner?.strays?.(runtimeDir, uid)) ?? [];

  async function unknown(): Promise<StrayProcess[]> {
    const all = await found();
    const known = new Set(
      records.all().flatMap(({ handle }) => (handle?.kind === 'process' ? [handle.process.pid] : [])),
    );
    // Where a start or stop is under way, that one knows what it has launched.
    const busy = new Set(
      records.all().flatMap(({ phase, upstream }) => (isBusy(phase) ? (placeOf(upstream) ?? []) : [])),
    );
    return all.filter(
      ({ process: { pid }, session, socket, uid }) =>
        !known.has(pid) && !known.has(session) && !busy.has(socket ?? uid),
    );
  }

  const kill = async ({ process }: StrayProcess): Promise<void> =>
    spawner?.stop({ kind: 'process', process, runFile: '' }, 'kill');

  return {
    list: async () => (await unknown()).map(({ process: { pid }, uid, command }) => ({ pid, uid, command })),
    async end(pid) {
      const stray = (await unknown()).find(({ process }) => process.pid === pid);
      if (stray === undefined)
        throw new GatewayError('request.not-found', { message: `Process ${pid} is no server without a record.` });
      await kill(stray);
    },
    /** After the end of a server: what has its socket in its command line went a way of its own, and goes too. */
    async sweep(socket) {
      for (const stray of await found(ownerOfSocket(socket))) if (stray.socket === socket) await kill(stray);
    },
  };
}

/** Socket; where there is none, whose it is. */
function placeOf(upstream: DeepReadonly<ServerRecord>['upstream']): string | number | undefined {
  return upstream?.kind === 'unix' ? upstream.path : upstream?.owner;
}

function isBusy(phase: string): boolean {
  return phase === 'queued' || phase === 'starting' || phase === 'stopping';
}
