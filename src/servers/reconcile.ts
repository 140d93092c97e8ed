import type { AccountDirectory } from '../identity/types.ts';
import type { RouteTable } from '../proxy/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Life } from './life.ts';
import type { Launch } from './lifeParts.ts';
import type { Profiles } from './profiles.ts';
import type { Records } from './records.ts';
import { sweepNotes } from './sweepNotes.ts';
import { keyText } from './types.ts';
import type { ServerKey } from './types.ts';

type Recorded = ReturnType<Records['all']>[number];

interface Parts {
  records: Records;
  lifeOf: (key: ServerKey) => Life;
  profiles: Profiles;
  accounts: AccountDirectory;
  routes: Pick<RouteTable, 'declare'>;
  log: Logger;
  runtimeDir: string;
}

/** Makes the records and what runs agree after a restart. One bad record never keeps the gateway from starting. */
export async function reconcile(parts: Parts): Promise<void> {
  const { records, lifeOf, log } = parts;
  // A named server that is stopped still has an address of its own.
  for (const id of records.ids()) {
    const key = parseKey(id);
    if (key !== undefined && key.name !== '') parts.routes.declare({ kind: 'server', ...key });
  }
  const unsettled = records
    .awake()
    .filter(({ phase, handle }) => (phase !== 'stopped' && phase !== 'failed') || handle !== null);
  const takeOver = async (record: Recorded): Promise<void> => {
    try {
      const launch = record.phase === 'queued' ? await again(parts, record) : undefined;
      const was = record.phase;
      await lifeOf(record).resume(() => launch);
      log.info({ server: keyText(record), was, now: records.get(record)?.phase }, 'server found again');
    } catch (error) {
      log.error({ err: error, server: keyText(record) }, 'server could not be taken over');
    }
  };
  const queued = unsettled.filter(({ phase }) => phase === 'queued');
  await Promise.all(unsettled.filter(({ phase }) => phase !== 'queued').map(takeOver));
  // The queue keeps its order.
  for (const record of queued.toSorted((one, other) => askedAt(one) - askedAt(other))) await takeOver(record);
  await sweepNotes(parts);
}

function askedAt({ startedAt }: Recorded): number {
  return Date.parse(startedAt ?? '') || 0;
}

/** The launch of a start that waited in the queue when the gateway ended; undefined if its rules now forbid it. */
async function again({ accounts, profiles }: Parts, record: Recorded): Promise<Launch | undefined> {
  const account = await accounts.find(record.owner);
  if (account === undefined) return undefined;
  const { profile, options } = record;
  try {
    return profiles.launch(account, { key: record, profile, options, by: record.startedBy ?? record.owner });
  } catch {
    return undefined;
  }
}

/** What an admin wrote into `servers` of admin.json is done: `down` stops, `up` starts with the last options. */
export function watchDesired(parts: {
  store: Store<AdminData, StateData>;
  records: Records;
  log: Logger;
  start: (key: ServerKey) => Promise<unknown>;
  stop: (key: ServerKey, how: { by: string }) => Promise<void>;
}): { apply(): Promise<void>; clear(key: ServerKey, wish: 'up' | 'down'): void; close(): void } {
  const { store, records, log } = parts;
  const obey = async (id: string): Promise<void> => {
    const wish = store.admin.data.servers[id]?.desired;
    const key = parseKey(id);
    if (wish === undefined || key === undefined) return;
    const phase = records.get(key)?.phase ?? 'stopped';
    const idle = phase === 'stopped' || phase === 'failed';
    try {
      if (wish === 'down' && !idle) await parts.stop(key, { by: 'admin.json' });
      if (wish === 'up' && idle) await parts.start(key);
    } catch (error) {
      log.error({ err: error, server: id, wish }, 'the desired state of a server was not reached');
    }
  };
  const end = store.admin.onChange(({ by, changes }) => {
    if (by === 'hand') for (const { map, key } of changes) if (map === 'servers') void obey(key);
  });
  return {
    apply: async () => void (await Promise.all(Object.keys(store.admin.data.servers).map(obey))),
    // A later wish by a page or the API replaces the opposite one in the file.
    clear(key, wish) {
      if (store.admin.data.servers[keyText(key)]?.desired !== wish) return;
      void store.admin.update((draft) => void delete draft.servers[keyText(key)]).catch(() => {});
    },
    close: end,
  };
}

function parseKey(id: string): ServerKey | undefined {
  const slash = id.indexOf('/');
  return slash < 1 ? undefined : { owner: id.slice(0, slash), name: id.slice(slash + 1) };
}
