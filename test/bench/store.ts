import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFiles, type FileLayer } from '../../src/store/files.ts';
import { openStore } from '../../src/store/open.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';

const usualSizes = [100, 1000, 5000, 20_000];

interface Row {
  accounts: number;
  adminBytes: number;
  stateBytes: number;
  startMs: number;
  memoryMb: number;
  oneAdminMs: number;
  oneStateMs: number;
  /** Written to the disk for one change. */
  oneAdminBytes: number;
  oneStateBytes: number;
  /** The time until `state.json`, with what was changed, is written anew, and how long the event loop stood still then. */
  wholeStateMs: number;
  wholeStallMs: number;
  burstMs: number;
  burstWrites: number;
  /** Longest time that the event loop stood still during one change of either document. */
  stallMs: number;
  adminWritesByActivity: number;
}

/**
 * What the store costs by the number of accounts (each with an entry, a server, a session and two tokens):
 * `npm run bench -- store [--json] [--sizes 100,1000]`. Each size is a process of its own.
 */
export async function run(args: readonly string[]): Promise<void> {
  if (args[0] === '--one') return console.log(JSON.stringify(await measure(Number(args[1]))));
  const sizes = args.includes('--sizes')
    ? (args[args.indexOf('--sizes') + 1] ?? '').split(',').map(Number)
    : usualSizes;
  const rows = sizes.map((size) => {
    const words = ['--expose-gc', join(import.meta.dirname, 'run.ts'), 'store', '--one', String(size)];
    return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Row;
  });
  console.table(rows);
  if (!args.includes('--json')) return;
  const [first, last] = [rows[0], rows.at(-1)];
  const ratio = (last?.oneStateMs ?? 0) / (first?.oneStateMs ?? 1);
  console.log(JSON.stringify({ ratios: { oneStateChangeLargestToSmallest: ratio }, figures: rows }));
}

async function measure(accounts: number): Promise<Row> {
  const dataDir = freshFolder();
  const counted = countBytes();
  const options = { dataDir, log: collectLog().log, files: counted.files };
  const filled = await openStore(options);
  await fill(filled, accounts);
  await filled.close();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  const store = await openStore(options);
  const startMs = performance.now() - started;
  globalThis.gc?.();
  const memoryMb = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
  const stall = watchLoop();
  counted.take();
  const oneAdminMs = await median(() => store.admin.update((draft) => void (draft.accounts['u7'] = { note: note() })));
  const oneAdminBytes = counted.take() / medianOf;
  const oneStateMs = await median(() =>
    store.state.update((draft) => void (draft.choices['u7/default'] = { at: note() })),
  );
  const oneStateBytes = counted.take() / medianOf;
  const stallMs = stall();
  const burst = await burstOf(store, 1000);
  const adminBefore = revision(dataDir);
  await store.state.update((draft) => {
    for (const server of Object.values(draft.servers)) server.lastActivityAt = new Date().toISOString();
  });
  const adminWritesByActivity = Number(revision(dataDir) - adminBefore);
  const size = (name: string): number => statSync(join(dataDir, name)).size;
  const sizes = { adminBytes: size('admin.json'), stateBytes: size('state.json') };
  const wholeStall = watchLoop();
  const closing = performance.now();
  await store.close();
  const whole = { wholeStateMs: performance.now() - closing, wholeStallMs: wholeStall() };
  const one = { oneAdminMs, oneAdminBytes, oneStateMs, oneStateBytes };
  return { accounts, ...sizes, startMs, memoryMb, ...one, ...burst, stallMs, ...whole, adminWritesByActivity };
}

type Opened = Awaited<ReturnType<typeof openStore>>;

async function fill(store: Opened, accounts: number): Promise<void> {
  const at = new Date().toISOString();
  await store.admin.update((draft) => {
    for (let n = 0; n < accounts; n++) draft.accounts[`u${n}`] = { note: `person ${n}`, createdAt: at };
  });
  await store.state.update((draft) => {
    for (let n = 0; n < accounts; n++) {
      const owner = `u${n}`;
      draft.servers[`${owner}/`] = serverOf(owner, at);
      const session = { id: `s${n}`, account: owner, issuer: 'https://site.example/hub', userAgent: 'Mozilla/5.0' };
      draft.sessions[session.id] = { ...session, createdAt: at, expiresAt: at, revokedAt: null };
      for (const kind of ['server', 'oauth'] as const)
        draft.tokens[`${kind}${n}`] = tokenOf(`${kind}${n}`, kind, owner, at);
    }
  });
}

function serverOf(owner: string, at: string) {
  const process_ = { pid: 12_345, startTime: '123456789', bootId: '8e7f6a5b-1234-5678-9abc-def012345678' };
  return {
    owner,
    name: '',
    phase: 'ready' as const,
    profile: 'default',
    spawner: 'warm',
    program: 'cylc',
    page: '',
    options: { workflow: 'nowcast', memory: '2G' },
    handle: { kind: 'process' as const, process: process_, runFile: `/run/cylc-gateway/starts/${owner}` },
    runFile: null,
    command: 'cylc hubapp --ServerApp.sock=/run/cylc-gateway/1000/12345678.sock',
    upstream: { kind: 'unix' as const, path: `/run/cylc-gateway/${owner}/12345678.sock` },
    logFile: `/var/lib/cylc-gateway/logs/${owner}.log`,
    startedBy: owner,
    startedAt: at,
    lastActivityAt: at,
    failure: null,
  };
}

function tokenOf(id: string, kind: 'server' | 'oauth', owner: string, at: string) {
  const hash = 'c0ffee'.repeat(10).slice(0, 64);
  const scopes = ['access:servers', 'read:users:name'];
  return {
    id,
    hash,
    kind,
    owner,
    clientId: null,
    sessionId: null,
    scopes,
    note: '',
    createdAt: at,
    expiresAt: at,
    lastUsedAt: null,
  };
}

/** What goes to the disk, backups by a second name apart. */
function countBytes(): { files: FileLayer; take(): number } {
  let bytes = 0;
  const counted = function* (pieces: Iterable<string>): Generator<string> {
    for (const piece of pieces) {
      bytes += piece.length;
      yield piece;
    }
  };
  const files: FileLayer = {
    ...nodeFiles,
    create: (path, text) => nodeFiles.create(path, counted(typeof text === 'string' ? [text] : text)),
    append: (path, text) => {
      bytes += text.length;
      return nodeFiles.append(path, text);
    },
  };
  return {
    files,
    take() {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
  };
}

const medianOf = 9;
let count = 0;
function note(): string {
  return `change ${count++}`;
}

/** Of some awaited changes, ms; the pause lets each have a write of its own. */
async function median(change: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < medianOf; n++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 120);
    });
    const started = performance.now();
    await change();
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[(medianOf - 1) / 2] ?? 0;
}

async function burstOf(store: Opened, changes: number): Promise<{ burstMs: number; burstWrites: number }> {
  const started = performance.now();
  let writes = 0;
  const ends: Promise<void>[] = [];
  for (let n = 0; n < changes; n++) ends.push(store.state.update((draft) => void (draft.choices[`b${n}`] = { n })));
  let batch = -1;
  for (const end of ends) {
    await end;
    const now = Math.floor(performance.now() - started);
    if (now !== batch) writes += 1;
    batch = now;
  }
  return { burstMs: performance.now() - started, burstWrites: writes };
}

function watchLoop(): () => number {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

function revision(dataDir: string): bigint {
  return statSync(join(dataDir, 'admin.json'), { bigint: true }).mtimeNs;
}
