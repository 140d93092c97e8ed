import type { Account } from '../access/types.ts';
import type { Config } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import type { AccountCommands } from '../spawners/accountCommands.ts';
import type { Spawner } from '../spawners/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Events } from '../telemetry/events.ts';
import { createActivity } from './activity.ts';
import { createAdmission } from './admission.ts';
import { installCylcConfig } from './cylcConfig.ts';
import { createCuller } from './createCuller.ts';
import { createLife } from './life.ts';
import type { Life } from './life.ts';
import type { LifeParts } from './lifeParts.ts';
import { redactText } from './logTail.ts';
import { createServerLogs } from './logs.ts';
import { checkServerName, createNamed } from './named.ts';
import { assertNamedRoom } from './namedRoom.ts';
import type { Beside } from './options.ts';
import { createProfiles } from './profiles.ts';
import { checkProfiles } from './profileSetup.ts';
import type { Programs } from './programs.ts';
import { reconcile, watchDesired } from './reconcile.ts';
import { createRecords } from './records.ts';
import { findSilentJobs } from './silentJobs.ts';
import { prepareRuntimeDir } from './sockets.ts';
import { createStopAll } from './stopAll.ts';
import { createStrays } from './strays.ts';
import type { Strays } from './strays.ts';
import { sweepNotes } from './sweepNotes.ts';
import { keyText } from './types.ts';
import type { ServerKey, Servers, ServerView, StartRequest } from './types.ts';
import { createUmasks } from './umasks.ts';
import { suggestWorkflows } from './workflows.ts';

export interface ServersOptions extends Omit<
  LifeParts,
  'config' | 'records' | 'spawner' | 'admission' | 'logs' | 'umasks' | 'uid' | 'emit' | 'sweep'
> {
  config: Pick<Config, 'servers'> & Partial<Pick<Config, 'profiles' | 'environments'>>;
  store: Store<AdminData, StateData>;
  /** The first is the one that is used where nothing else is said. */
  spawners: readonly Spawner[];
  dataDir: string;
  programs: Programs;
  commands: AccountCommands;
  events?: Events;
  /** Services that people may have beside their server. */
  beside?: readonly Beside[];
}

export interface ServersRoom extends Servers {
  strays: Strays;
  /** Finds again what an earlier run of the gateway left running. Call it once, after the Hub listens. */
  reconcile(): Promise<void>;
  /** Ends the gateway's part; the servers go on. */
  close(): Promise<void>;
}

/** Logs on disks of the accounts, and notes of starts that failed. */
const tidyEveryMs = 15 * 60_000;

/** Builds the room: one life per server, made when it is first needed. */
export function createServers(options: ServersOptions): ServersRoom {
  const { store, accounts, log, clock, urls } = options;
  const config = options.config.servers;
  const listeners = new Set<(view: ServerView) => void>();
  const records = createRecords({ store, urls });
  const activity = createActivity({ records, clock });
  const declared = options.config.profiles ?? [];
  const spawners = options.spawners.map(({ kind }) => kind);
  checkProfiles({ profiles: declared, environments: options.config.environments ?? [], spawners });
  const profiles = createProfiles({
    programs: options.programs,
    spawners,
    profiles: declared,
    beside: options.beside ?? [],
    workflows: (account) => suggestWorkflows(options.commands, account),
    shown: (profile, account) => isVisible(account, store.admin.data.profiles[profile]?.visibleTo),
  });
  const lives = new Map<string, Life>();
  const strays = createStrays({ ...options, records });
  const uid = process.geteuid?.() ?? 0;
  const logs = createServerLogs({ ...options, uid });
  const parts: LifeParts = {
    ...options,
    logs,
    umasks: createUmasks(options.commands),
    config,
    records,
    sweep: (socket) => strays.sweep(socket),
    spawner: spawnerOf(options.spawners),
    admission: createAdmission({
      startsAtOnce: config.startsAtOnce,
      most: config.serversAtMost,
      present: () => records.all().filter(isPresent).map(keyText),
    }),
    uid,
    emit(view) {
      if (!isPresent(view)) queueMicrotask(() => parts.admission.retry());
      for (const listener of listeners) safely(() => listener(view));
    },
  };

  const safely = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      log.error({ err: error }, 'a listener to changes of servers failed');
    }
  };

  function lifeOf(key: ServerKey): Life {
    const id = keyText(key);
    const life = lives.get(id) ?? createLife({ owner: key.owner, name: key.name }, parts);
    lives.set(id, life);
    return life;
  }

  const overlay = (record: ReturnType<typeof records.all>[number]): ServerView =>
    culler.overlay(activity.overlay(records.view(record)));
  const list = (): ServerView[] => records.all().map(overlay);

  function viewOf(key: ServerKey): ServerView | undefined {
    const record = records.get(key);
    return record && overlay(record);
  }

  const assertRoom = (key: ServerKey): void => assertNamedRoom(key, records, config.namedServersPerAccount);

  async function start(request: StartRequest): Promise<ServerView> {
    checkServerName(request.key.name);
    const account = await accounts.find(request.key.owner);
    if (account === undefined) throw new GatewayError('auth.no-account');
    const launch = profiles.launch(account, request);
    assertRoom(request.key);
    checkOwnLimit(request.key);
    lifeOf(request.key).start(launch);
    void store.state
      .update((draft) => {
        draft.choices[`${account.name}/${launch.profile}`] = launch.options;
        draft.choices[`${account.name}/`] = { profile: launch.profile };
      })
      .catch((error: unknown) => log.warn({ err: error }, 'choice not remembered'));
    desired.clear(request.key, 'down');
    return viewOf(request.key) as ServerView;
  }

  /** Counted here and not in the queue: its owner can do something about it at once. */
  function checkOwnLimit(key: ServerKey): void {
    const most = config.serversPerAccount;
    const others = records
      .all()
      .filter((record) => record.owner === key.owner && record.name !== key.name && !isIdle(record.phase));
    if (others.length < most) return;
    const message = `You already have ${most === 1 ? 'a server' : `${most} servers`}, as many as an account may have here.`;
    throw new GatewayError('server.limit', { message, advice: 'Stop one that you no longer need.' });
  }

  async function stop(key: ServerKey, how: { by: string; force?: boolean }): Promise<void> {
    const phase = records.get(key)?.phase;
    if (phase === undefined) return;
    const cancels = phase === 'queued' || phase === 'starting';
    const { by, force = false } = how;
    if (phase !== 'stopped') options.events?.emit('stopAsked', { key, by, force, cancels });
    log.info({ server: keyText(key), by: how.by, force: how.force === true }, 'stop asked for');
    desired.clear(key, 'up');
    await lifeOf(key).stop({ force: how.force === true });
  }

  const restart = (key: ServerKey, by: string): Promise<ServerView> => {
    const { options: chosen = {}, profile } = records.get(key) ?? {};
    return start({ key, by, options: chosen, ...(profile !== undefined && { profile }) });
  };
  const desired = watchDesired({ store, records, log, start: (key) => restart(key, key.owner), stop });

  const drop = (key: ServerKey): void => {
    lives.get(keyText(key))?.detach();
    lives.delete(keyText(key));
    activity.forget(key);
  };
  const named = createNamed({ records, assertRoom, logs, routes: options.routes, viewOf, stop, drop });

  const culler = createCuller({ rules: config, records, list, stop, clock, log });

  function follow(key: ServerKey, lines: number, signal: AbortSignal | undefined): AsyncIterable<string> {
    const logFile = (): string | null => records.get(key)?.logFile ?? null;
    const live = (): boolean => !isIdle(records.get(key)?.phase ?? 'stopped');
    const followed = logs.follow({ owner: key.owner, logFile, live, lines, signal });
    return redacted(followed, key);
  }

  async function* redacted(pieces: AsyncIterable<string>, key: ServerKey): AsyncIterable<string> {
    for await (const text of pieces) yield redactText(text, lifeOf(key).secrets());
  }

  let timer: NodeJS.Timeout | undefined;
  let tidying: NodeJS.Timeout | undefined;
  const tidy = async (): Promise<void> => {
    await logs.cut(records.awake().filter(isPresent));
    await sweepNotes({ records, runtimeDir: options.runtimeDir });
  };
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const record of records.all()) await lifeOf(record).check();
    culler.look();
    await activity.flush();
  };

  return {
    list,
    get: viewOf,
    async forms(owner) {
      const account = await accounts.find(owner);
      if (account === undefined) return [];
      return profiles.forms(account, (profile) => store.state.data.choices[`${owner}/${profile}`] ?? {});
    },
    start,
    stop,
    strays,
    ...named,
    ...createStopAll({ list, stop, clock }),
    keep: culler.keep,
    progress: (key, signal) => lifeOf(key).progress().follow(signal),
    async log(key, lines) {
      const record = records.get(key);
      return record === undefined ? '' : redactText(await logs.tail(record, lines), lifeOf(key).secrets());
    },
    followLog: (key, { lines, signal }) => follow(key, lines, signal),
    async silentJobs(owner) {
      const account = await accounts.find(owner).catch(() => undefined);
      return account === undefined ? [] : findSilentJobs(options.commands, account);
    },
    async notice(key, text) {
      if (records.get(key) === undefined) return;
      log.warn({ server: keyText(key), notice: text }, 'a server has a notice for its owner');
      await records.update(key, { notice: text });
    },
    touch: (key) => activity.touch(key),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async reconcile() {
      await prepareRuntimeDir(options.runtimeDir, parts.uid, config.sudo !== undefined);
      // First of all: starts that were wished for may need what takes long.
      const python = options.programs.list()[0]?.python;
      if (python !== undefined) for (const spawner of options.spawners) spawner.prepare?.(python);
      await installCylcConfig(options.runtimeDir);
      await reconcile({ ...options, records, lifeOf, profiles });
      await desired.apply();
      timer = setInterval(() => {
        looking = looking.then(look).catch((error: unknown) => log.error({ err: error }, 'look at the servers failed'));
      }, config.pollIntervalS * 1000);
      timer.unref();
      tidying = setInterval(() => {
        tidy().catch((error: unknown) => log.warn({ err: error }, 'logs and notes of servers were not tidied'));
      }, tidyEveryMs).unref();
    },
    async close() {
      clearInterval(timer);
      clearInterval(tidying);
      desired.close();
      for (const life of lives.values()) life.detach();
      await looking;
      await activity.flush().catch(() => {});
      for (const spawner of options.spawners) await spawner.close();
    },
  };
}

function spawnerOf(spawners: readonly Spawner[]): (name: string) => Spawner {
  return (name) => {
    const spawner = spawners.find(({ kind }) => kind === name) ?? spawners[0];
    if (spawner === undefined) throw new GatewayError('internal', { facts: { why: 'no spawner', name } });
    return spawner;
  };
}

/** Undefined: for everyone. */
function isVisible({ name, groups }: Account, to: readonly string[] | undefined): boolean {
  return to === undefined || to.some((one) => one === name || groups.includes(one));
}

function isIdle(phase: ServerView['phase']): boolean {
  return phase === 'stopped' || phase === 'failed';
}

/** Whether a process of it may be there. */
function isPresent({ phase }: Pick<ServerView, 'phase'>): boolean {
  return !isIdle(phase) && phase !== 'queued';
}
