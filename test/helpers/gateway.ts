import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { noteDataDir } from './runNotes.ts';
import { dataFolder } from './shortFolder.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');

export interface GatewayProcess {
  child: ChildProcess;
  origin: string;
  dataDir: string;
  /** All that it has written so far, standard output and error together. */
  output(): string;
  /** Sign-in links printed in the terminal, by account. */
  links(): Map<string, string>;
  /** Ends it with a signal and waits. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface GatewayOptions {
  port?: number;
  dataDir?: string;
  args?: readonly string[];
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** A command that the program is run by, given before it: `unshare …`. */
  by?: readonly string[];
}

/** The program itself, from `dist/`, as its own process on a free port of loopback. */
export async function startGateway(options: GatewayOptions = {}): Promise<GatewayProcess> {
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? dataFolder('gw');
  noteDataDir(dataDir);
  const line = [...(options.by ?? []), process.execPath];
  const args = [...line.slice(1), join(root, 'dist/src/main.js'), 'serve', '--port', String(port), '--data', dataDir];
  const child = spawn(line[0] ?? process.execPath, [...args, ...(options.args ?? [])], {
    cwd: options.cwd ?? dataDir,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const gateway: GatewayProcess = {
    child,
    origin: `http://localhost:${port}`,
    dataDir,
    output: () => text,
    links: () =>
      new Map([...text.matchAll(/^ +(\S+) +(http\S+link=\S+)$/gm)].map(([, name = '', url = '']) => [name, url])),
    end: (signal = 'SIGTERM') => endOf(child, signal),
  };
  await until(
    () => child.exitCode !== null || /Ctrl-C/.test(text),
    60_000,
    () => text,
  );
  return gateway;
}

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
  return child.exitCode;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
