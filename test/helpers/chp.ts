import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from './gateway.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');

/** What runs: the real configurable-http-proxy 5, or ours in its place. */
export const programs = {
  'configurable-http-proxy 5': [join(root, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy')],
  'cylc-gateway proxy': [join(root, 'dist/src/main.js'), 'proxy'],
} as const;
export type ChpProgram = keyof typeof programs;

export interface ChpAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Further options of Node's request: `ca`, `cert`, `key`, `socketPath`. */
  tls?: Record<string, unknown>;
}

export interface ChpProcess {
  url: string;
  apiUrl: string;
  port: number;
  output(): string;
  pid: number;
  ask(path: string, options?: AskOptions): Promise<ChpAnswer>;
  api(path: string, options?: AskOptions): Promise<ChpAnswer>;
  addRoute(path: string, target: string, data?: Record<string, unknown>): Promise<ChpAnswer>;
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ChpProcessOptions {
  args?: readonly string[];
  token?: string;
  env?: NodeJS.ProcessEnv;
  /** Listens there, by `args`, and on no port of ours. */
  sockets?: readonly string[];
}

export async function startChp(
  program: ChpProgram,
  { args = [], token = 'secret', env = {}, ...options }: ChpProcessOptions = {},
): Promise<ChpProcess> {
  const [port, apiPort] = [await freePort(), await freePort()];
  const own = ['--ip', '127.0.0.1', '--port', String(port), '--api-ip', '127.0.0.1', '--api-port', String(apiPort)];
  const child = spawn(
    process.execPath,
    [...programs[program], ...(options.sockets === undefined ? own : []), ...args],
    {
      env: { PATH: process.env['PATH'], CONFIGPROXY_AUTH_TOKEN: token, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  const ready = options.sockets?.map((path) => ({ path })) ?? [{ port }, { port: apiPort }];
  await until(
    async () => child.exitCode !== null || (await Promise.all(ready.map(opens))).every(Boolean),
    60_000,
    () => output,
  );
  const url = `${args.includes('--ssl-cert') ? 'https' : 'http'}://127.0.0.1:${port}`;
  const apiUrl = `${args.includes('--api-ssl-cert') ? 'https' : 'http'}://127.0.0.1:${apiPort}`;
  const chp: ChpProcess = {
    url,
    apiUrl,
    port,
    output: () => output,
    pid: child.pid ?? 0,
    ask: (path, options) => ask(url, path, options),
    api: (path, options = {}) =>
      ask(apiUrl, path, { ...options, headers: { authorization: `token ${token}`, ...options.headers } }),
    addRoute: (path, target, data = {}) =>
      chp.api(`/api/routes${path}`, { method: 'POST', body: JSON.stringify({ target, ...data }) }),
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill(signal);
        await gone;
      }
      return child.exitCode;
    },
  };
  return chp;
}

/** Whether somebody listens there. */
export async function opens(at: { port: number } | { path: string }): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', ...at });
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

/** One request on a connection of its own, its path sent as it is. */
export async function ask(base: string, path: string, options: AskOptions = {}): Promise<ChpAnswer> {
  const { hostname, port, protocol } = new URL(base);
  const send = protocol === 'https:' ? tlsRequest : plainRequest;
  const req = send({ hostname, port, path, agent: false, method: options.method ?? 'GET', ...options.tls });
  for (const [name, value] of Object.entries(options.headers ?? {})) req.setHeader(name, value);
  req.end(options.body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return { status: res.statusCode ?? 0, headers: res.headers, body: await text(res) };
}
