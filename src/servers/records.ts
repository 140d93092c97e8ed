import type { AdminData, ServerRecord, StateData } from '../store/schema.ts';
import { awake, keysOf } from '../store/lateMap.ts';
import type { DeepReadonly, Store } from '../store/types.ts';
import type { Urls } from '../urls.ts';
import { keyText } from './types.ts';
import type { ServerKey, ServerView } from './types.ts';

/** The servers' records in the store, and what others may see of them. */
export interface Records {
  get(key: ServerKey): DeepReadonly<ServerRecord> | undefined;
  all(): DeepReadonly<ServerRecord>[];
  /** All but some that are stopped: at the start they need not be read for that. */
  awake(): DeepReadonly<ServerRecord>[];
  /** Keys of all, as `keyText` makes them. */
  ids(): string[];
  /** Changes (or makes) a record; resolves when it is on disk. */
  update(key: ServerKey, change: Partial<ServerRecord>): Promise<void>;
  /** Forgets a record, or moves it to another name. */
  remove(key: ServerKey): Promise<void>;
  rename(key: ServerKey, name: string): Promise<void>;
  view(record: DeepReadonly<ServerRecord>): ServerView;
}

export function createRecords(options: { store: Store<AdminData, StateData>; urls: Pick<Urls, 'prefix'> }): Records {
  const { state } = options.store;
  return {
    get: (key) => state.data.servers[keyText(key)],
    all: () => Object.values(state.data.servers),
    awake: () => awake(state.data.servers),
    ids: () => keysOf(state.data.servers),
    update: (key, change) =>
      state.update((draft) => {
        const id = keyText(key);
        draft.servers[id] ??= emptyRecord(key);
        Object.assign(draft.servers[id], change);
      }),
    remove: (key) =>
      state.update((draft) => {
        delete draft.servers[keyText(key)];
      }),
    rename: (key, name) =>
      state.update((draft) => {
        const old = draft.servers[keyText(key)];
        if (old === undefined) return;
        draft.servers[keyText({ owner: key.owner, name })] = { ...old, name };
        delete draft.servers[keyText(key)];
      }),
    view: (record) => toView(record, options.urls.prefix(record)),
  };
}

export function emptyRecord(key: ServerKey): ServerRecord {
  return {
    owner: key.owner,
    name: key.name,
    phase: 'stopped',
    profile: 'default',
    spawner: 'account',
    program: '',
    options: {},
    handle: null,
    runFile: null,
    command: '',
    page: '',
    upstream: null,
    logFile: null,
    startedBy: null,
    startedAt: null,
    lastActivityAt: null,
    failure: null,
  };
}

function toView(record: DeepReadonly<ServerRecord>, prefix: string): ServerView {
  const { owner, name, phase, profile, options, program, startedBy, startedAt, lastActivityAt } = record;
  return {
    owner,
    name,
    displayName: record.displayName ?? name,
    phase,
    prefix,
    url: prefix + record.page,
    profile,
    options: { ...options },
    program,
    startedBy,
    startedAt,
    lastActivityAt,
    pid: record.handle?.kind === 'process' ? record.handle.process.pid : null,
    upstream: record.upstream,
    failure: record.failure,
    ...(record.keepUntil && { keepUntil: record.keepUntil }),
    ...(record.stopReason && { stopReason: record.stopReason }),
    ...(record.notice && { notice: record.notice }),
  };
}
