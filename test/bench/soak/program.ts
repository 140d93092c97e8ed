import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { ownerOf, signIn } from '../../helpers/firstVisit.ts';
import { freePort, startGateway } from '../../helpers/gateway.ts';
import { until } from '../../helpers/until.ts';
import { Visitor } from '../../helpers/visitor.ts';
import { openFiles, residentMiB } from './openFiles.ts';
import type { OpenFiles } from './openFiles.ts';

export interface Measured extends OpenFiles {
  /** After a collection of garbage. */
  heapMiB: number;
  residentMiB: number;
}

/** The built program in a process of its own, in front of a fickle upstream that it starts as a service. */
export interface SoakedProgram {
  port: number;
  pid: number;
  /** Of somebody who is signed in. */
  cookie: string;
  /** What it reaches by unix socket and by TCP: `/services/…/`. */
  prefixes: readonly string[];
  /** Cookies of another person. */
  signInGuest(): Promise<string>;
  open(): OpenFiles;
  residentMiB(): number;
  measure(): Promise<Measured>;
  /** Lines of its log so far. */
  output(): string;
  end(): Promise<void>;
}

export async function startSoaked(options: {
  restartMs?: number;
  /** With the limits that a gateway has by default. */
  limited?: boolean;
  settings?: readonly string[];
  /** Commands that the program and its upstream are run by. */
  by?: readonly string[];
  upstreamBy?: readonly string[];
}): Promise<SoakedProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const report = join(folder, 'heap');
  const tcpPort = await freePort();
  const fickle = join(import.meta.dirname, 'fickleServer.ts');
  const command = [
    ...(options.upstreamBy ?? []),
    process.execPath,
    fickle,
    '{socket}',
    String(tcpPort),
    String(options.restartMs ?? 0),
  ];
  const services = [
    { name: 'by-socket', command, user: userInfo().username },
    { name: 'by-port', kind: 'external', url: `http://127.0.0.1:${tcpPort}` },
  ];
  const unlimited = ['requestsPerAccount', 'requestsPerAddress', 'webSocketsPerAccount', 'webSocketsPerServer'];
  const limits =
    options.limited === true ? ['proxy.requestsPerAccount=300'] : unlimited.map((name) => `proxy.${name}=0`);
  const settings = ['proxy.keepAliveS=2', 'log.level=warn', ...limits, ...(options.settings ?? [])];
  const gateway = await startGateway({
    ...(options.by === undefined ? {} : { by: options.by }),
    args: settings.flatMap((setting) => ['--set', setting]),
    env: {
      PATH: '/usr/bin:/bin',
      CYLC_GATEWAY_SERVICES: JSON.stringify(services),
      NODE_OPTIONS: `--import ${join(import.meta.dirname, 'heapReporter.ts')}`,
      HEAP_REPORT: report,
    },
  });
  const visitor = new Visitor(gateway.origin);
  await signIn(gateway, visitor, ownerOf(gateway));
  const prefixes = ['/services/by-socket/', '/services/by-port/'];
  for (const prefix of prefixes)
    await until(
      async () => (await visitor.get(`${prefix}ok`)).status === 200,
      20_000,
      () => gateway.output(),
    );
  const pid = gateway.child.pid!;
  return {
    port: Number(new URL(gateway.origin).port),
    pid,
    cookie: visitor.cookieHeader(prefixes[0]!),
    prefixes,
    async signInGuest() {
      const guest = new Visitor(gateway.origin);
      await signIn(gateway, guest, 'guest');
      return guest.cookieHeader(prefixes[0]!);
    },
    open: () => openFiles(pid),
    residentMiB: () => residentMiB(pid),
    async measure() {
      rmSync(report, { force: true });
      gateway.child.kill('SIGUSR2');
      await until(() => existsSync(report), 20_000);
      const heapMiB = Number(await until(() => readFile(report, 'utf8'))) / 2 ** 20;
      return { ...openFiles(pid), heapMiB, residentMiB: residentMiB(pid) };
    },
    output: () => gateway.output(),
    async end() {
      await gateway.end();
      await rm(folder, { recursive: true });
    },
  };
}
