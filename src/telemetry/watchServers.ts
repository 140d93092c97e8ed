import type { ServerRecord, StateData } from '../store/schema.ts';
import type { DeepReadonly, StoreDocument } from '../store/types.ts';
import type { Clock } from '../clock.ts';
import type { Events, GatewayEvents } from './events.ts';

type Record = DeepReadonly<ServerRecord>;
type Act = GatewayEvents['server']['act'];

/**
 * Tells of starts and stops by what is recorded of the servers: every change of phase goes through the record, so none
 * is missed, whoever asked for it. Returns the function that ends it.
 */
export function watchServers({ state, clock, events }: WatchParts): () => void {
  return state.onChange(({ changes }) => {
    for (const { map, before, after } of changes) {
      if (map !== 'servers') continue;
      const [was, is] = [before, after] as [Record | undefined, Record | undefined];
      const act = actOf(was, is);
      const record = is ?? was;
      if (act === undefined || record === undefined) continue;
      const { owner, name, profile, spawner, failure, startedBy } = record;
      const tookS = ends.has(act) && wasStarting(was) ? secondsSince(record.startedAt, clock) : undefined;
      events.emit('server', {
        key: { owner, name },
        act,
        startedBy,
        profile,
        spawner,
        ...(tookS === undefined ? {} : { tookS }),
        ...(act === 'failed' ? { code: failure?.code, reason: failure?.reason } : {}),
      });
    }
  });
}

export interface WatchParts {
  state: StoreDocument<StateData>;
  clock: Clock;
  events: Events;
}

const ends = new Set<Act>(['ready', 'failed', 'cancel']);

function actOf(was: Record | undefined, is: Record | undefined): Act | undefined {
  if (is === undefined) return was === undefined ? undefined : 'forget';
  if (is.phase === was?.phase) return undefined;
  switch (is.phase) {
    case 'queued':
      return 'start';
    case 'stopping':
      return wasStarting(was) ? 'cancel' : 'stop';
    case 'ready':
      return wasStarting(was) ? 'ready' : undefined;
    case 'failed':
      return 'failed';
    case 'stopped':
      return was === undefined ? undefined : 'stopped';
    default:
      return undefined;
  }
}

function wasStarting(was: Record | undefined): boolean {
  return was?.phase === 'queued' || was?.phase === 'starting';
}

function secondsSince(startedAt: string | null, clock: Clock): number | undefined {
  const at = Date.parse(startedAt ?? '');
  return Number.isFinite(at) ? Math.max(0, (clock.now() - at) / 1000) : undefined;
}
