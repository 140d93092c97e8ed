import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { inputs, paths } from './anonymous/inputs.ts';
import type { Input } from './anonymous/inputs.ts';

export interface AnonymousFigure {
  path: string;
  input: string;
  /** Of the answer; 0 where the connection ended without one. */
  status: number;
  /** Of the gateway's main thread for one request, ms: the least of the rounds, so that what else it did does not count. */
  cpuMs: number;
}

/**
 * Main-thread CPU of every address that answers without a sign-in, at every input: the kernel's own count
 * (/proc/PID/task/TID/schedstat), before and after each request.
 */
export async function anonymous({
  rounds,
  of = paths,
}: {
  rounds: number;
  of?: readonly string[];
}): Promise<AnonymousFigure[]> {
  const gateway = await startGateway({
    env: withoutCylc,
    args: ['--set', 'proxy.requestsPerAddress=0', '--set', 'log.level=warn'],
  });
  try {
    const figures: AnonymousFigure[] = [];
    for (const upgrade of [false, true])
      for (const path of upgrade ? ['/user/alice'] : of)
        for (const [name, input] of Object.entries(inputs)) {
          if (upgrade && input.method === 'POST') continue;
          const bytes = requestOf(path, input, upgrade);
          await send(gateway, bytes);
          let [least, status] = [Infinity, 0];
          for (let round = 0; round < rounds; round += 1) {
            const before = cpuMs(gateway);
            status = await send(gateway, bytes);
            least = Math.min(least, cpuMs(gateway) - before);
          }
          figures.push({ path: upgrade ? `${path} (upgrade)` : path, input: name, status, cpuMs: least });
        }
    return figures.toSorted((a, b) => b.cpuMs - a.cpuMs);
  } finally {
    await gateway.end();
  }
}

function requestOf(
  path: string,
  { method = 'GET', path: more = '', query = '', headers = [], body }: Input,
  upgrade: boolean,
): string {
  const lines = [
    `${method} ${path}${path.endsWith('/') ? more.slice(1) : more}${query} HTTP/1.1`,
    'Host: localhost',
    ...(upgrade
      ? ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
      : []),
    ...(headers.some((line) => line.startsWith('Connection:')) ? [] : [`Connection: ${upgrade ? 'Upgrade' : 'close'}`]),
    ...headers,
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

async function send({ origin }: GatewayProcess, bytes: string): Promise<number> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

function cpuMs({ child }: GatewayProcess): number {
  const { pid } = child;
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6;
}

/** `npm run bench -- anonymous [--rounds N] [--json]` */
export async function run(args: readonly string[]): Promise<void> {
  const options = { json: { type: 'boolean' }, rounds: { type: 'string', default: '5' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const figures = await anonymous({ rounds: Number(values.rounds) });
  const worst = figures[0]?.cpuMs ?? 0;
  if (values.json === true) console.log(JSON.stringify({ ratios: {}, figures: { worst, requests: figures } }));
  else console.table(figures.slice(0, 40));
}
