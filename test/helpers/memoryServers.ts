import { GatewayError } from '../../src/errors.ts';
import { keyText } from '../../src/servers/types.ts';
import type {
  ProfileForm,
  ProgressEvent,
  ServerKey,
  ServerView,
  Servers,
  SilentJob,
  StopAllRun,
} from '../../src/servers/types.ts';

/** Servers without processes, for tests of what is shown of them. The test plays the process: `say`, `become`. */
export interface MemoryServers extends Servers {
  /** Puts the server into a state and tells whoever follows its progress; a resting state ends their stream. */
  become(key: ServerKey, change: Partial<ServerView>, message?: string): void;
  say(key: ServerKey, progress: number, message: string): void;
  /** Options of each start that was accepted. */
  readonly started: Record<string, unknown>[];
  /** What `silentJobs` answers. */
  readonly silent: SilentJob[];
}

interface Entry {
  view: ServerView;
  events: ProgressEvent[];
  wake: Set<() => void>;
}

export function createMemoryServers(forms: readonly ProfileForm[] = [smallForm]): MemoryServers {
  const entries = new Map<string, Entry>();
  const started: Record<string, unknown>[] = [];
  const entryOf = (key: ServerKey): Entry => {
    const known = entries.get(keyText(key)) ?? { view: stoppedView(key), events: [], wake: new Set() };
    entries.set(keyText(key), known);
    return known;
  };
  const tell = (entry: Entry, progress: number, message: string): void => {
    const { phase, url, failure } = entry.view;
    const end = phase === 'ready' ? { ready: true, url } : phase === 'failed' ? { failed: true } : {};
    const at = new Date(Date.UTC(2026, 10, 24) + entry.events.length).toISOString();
    const text = failure === null ? message : failure.reason;
    entry.events.push({ id: entry.events.length + 1, at, progress, message: text, phase, ...end });
    for (const wake of entry.wake) wake();
  };
  let run: StopAllRun | undefined;
  const servers: MemoryServers = {
    started,
    silent: [],
    become(key, change, message = `It is ${change.phase ?? 'changed'}`) {
      const entry = entryOf(key);
      const begins = ['queued', 'starting', 'stopping'].includes(change.phase ?? '');
      if (begins && isAtRest(entry.view.phase)) entry.events = [];
      entry.view = { ...entry.view, ...change };
      tell(entry, isAtRest(entry.view.phase) ? 100 : 10, message);
    },
    say: (key, progress, message) => tell(entryOf(key), progress, message),
    list: () => [...entries.values()].map(({ view }) => view),
    get: (key) => entries.get(keyText(key))?.view,
    forms: () => Promise.resolve([...forms]),
    async start({ key, options, by }) {
      const entry = entryOf(key);
      if (options['workflow'] === 'bad name')
        throw new GatewayError('spawn.options', { fields: { workflow: 'A workflow name has no blanks.' } });
      if (entry.view.phase === 'ready') throw new GatewayError('server.exists');
      started.push(options);
      entry.events = [];
      const startedAt = '2026-11-24T00:00:00.000Z';
      servers.become(key, { phase: 'starting', failure: null, options, startedBy: by, startedAt }, 'Asked to start');
      return entry.view;
    },
    async stop(key) {
      entryOf(key).events = [];
      servers.become(key, { phase: 'stopped', failure: null }, 'Stopped');
    },
    async create(key) {
      return entryOf(key).view;
    },
    async edit(key) {
      return entryOf(key).view;
    },
    async remove(key) {
      entries.delete(keyText(key));
    },
    async *progress(key, signal) {
      const entry = entryOf(key);
      let at = 0;
      while (true) {
        if (signal?.aborted === true) return;
        const event = entry.events[at];
        if (event === undefined) await nextEvent(entry, signal);
        else {
          at += 1;
          yield event;
          if (event.ready === true || event.failed === true || event.phase === 'stopped') return;
        }
      }
    },
    log: () => Promise.resolve(''),
    stopAll({ by }) {
      const views = servers.list().filter(({ phase }) => phase !== 'stopped');
      for (const view of views) void servers.stop(view, { by });
      const at = '2026-11-24T00:00:00.000Z';
      run = { by, startedAt: at, endedAt: at, total: views.length, stopped: views.length, failed: [] };
      return run;
    },
    stopAllRun: () => run,
    keep(key, until) {
      servers.become(key, { keepUntil: until });
      return Promise.resolve();
    },
    async *followLog(key) {
      yield `log of ${keyText(key)}\n`;
    },
    silentJobs: () => Promise.resolve(servers.silent),
    notice(key, text) {
      servers.become(key, { notice: text });
      return Promise.resolve();
    },
    touch: () => undefined,
    onChange: () => () => undefined,
  };
  return servers;
}

function isAtRest(phase: ServerView['phase']): boolean {
  return phase === 'ready' || phase === 'failed' || phase === 'stopped';
}

function nextEvent(entry: Entry, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      entry.wake.delete(wake);
      resolve();
    };
    entry.wake.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

function stoppedView(key: ServerKey): ServerView {
  const prefix = `/user/${key.owner}/${key.name === '' ? '' : `${key.name}/`}`;
  return {
    ...key,
    displayName: key.name,
    phase: 'stopped',
    prefix,
    url: prefix,
    profile: 'default',
    options: {},
    program: 'stand-in',
    startedBy: null,
    startedAt: null,
    lastActivityAt: null,
    pid: null,
    upstream: null,
    failure: null,
  };
}

export const smallForm: ProfileForm = {
  profile: 'default',
  title: 'On this machine',
  description: 'A Cylc UI server of your own, on the machine of the gateway.',
  fields: [
    {
      name: 'workflow',
      label: 'Workflow',
      help: 'Opened first; leave it empty to see all.',
      type: 'workflow',
      suggestions: ['nowcast', 'forecast/global'],
      default: '',
    },
    {
      name: 'cylc',
      label: 'Cylc',
      help: '',
      type: 'choice',
      choices: [
        { value: 'stable', label: 'Stable' },
        { value: 'next', label: 'Next' },
      ],
      default: 'stable',
    },
    { name: 'cpus', label: 'Processors', help: '', type: 'number', min: 1, max: 8, unit: 'cores', default: 1 },
    { name: 'memory', label: 'Memory', help: 'Such as 512M or 4G.', type: 'memory', default: '2G' },
    { name: 'time', label: 'Longest time', help: 'Such as 30m or 8h.', type: 'time', default: '8h' },
    { name: 'args', label: 'Extra arguments', help: 'Given to the server as they are.', type: 'text', default: '' },
    { name: 'review', label: 'Start Cylc Review beside it', help: '', type: 'checkbox', default: false },
  ],
};
