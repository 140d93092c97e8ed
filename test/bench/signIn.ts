import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';

/**
 * `npm run bench -- signIn [--count 400] [--at-once 16] [--sessions 0] [--json]`: sign-ins by name and password a second, each the whole
 * way of a browser (seven answers: page, provider, form, password, callback, session, home), with PAM replaced by
 * nothing, and with so many sessions there already. The gateway's part is a process of its own; so is this one that plays the browsers.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '400' },
      'at-once': { type: 'string', default: '16' },
      sessions: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
    },
  });
  const server = fork(join(import.meta.dirname, 'signInServer.ts'), [values.sessions], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ origin }] = (await once(server, 'message')) as [{ origin: string }];
  try {
    await measure(origin, { count: 50, atOnce: 8 });
    const result = await measure(origin, { count: Number(values.count), atOnce: Number(values['at-once']) });
    server.send('cpu');
    const [{ cpuS }] = (await once(server, 'message')) as [{ cpuS: number }];
    report({ ...result, cpuMsEach: (cpuS * 1000) / (Number(values.count) + 50) }, values.json);
  } finally {
    server.kill('SIGKILL');
  }
}

interface Result {
  perSecond: number;
  medianMs: number;
  p99Ms: number;
  cpuMsEach: number;
}

function report({ perSecond, medianMs, p99Ms, cpuMsEach }: Result, json: boolean): void {
  const figures = {
    signInsPerSecond: Math.round(perSecond),
    medianMs: Math.round(medianMs),
    p99Ms: Math.round(p99Ms),
    cpuMsPerSignIn: Math.round(cpuMsEach * 10) / 10,
  };
  console.log(`${figures.signInsPerSecond} sign-ins/s, median ${figures.medianMs} ms, p99 ${figures.p99Ms} ms`);
  console.log(`${figures.cpuMsPerSignIn} ms of CPU each: one core's floor is ${Math.round(1000 / cpuMsEach)}/s`);
  if (json) console.log(JSON.stringify({ ratios: { toWanted50: perSecond / 50 }, figures }));
}

async function measure(
  origin: string,
  { count, atOnce }: { count: number; atOnce: number },
): Promise<Omit<Result, 'cpuMsEach'>> {
  const dispatcher = new Agent({ connections: atOnce });
  const tookMs: number[] = [];
  let left = count;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left -= 1;
        const from = performance.now();
        await signIn(origin, left, dispatcher);
        tookMs.push(performance.now() - from);
      }
    }),
  );
  const perSecond = (count * 1000) / (performance.now() - begun);
  await dispatcher.close();
  tookMs.sort((a, b) => a - b);
  const at = (share: number): number => tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? 0;
  return { perSecond, medianMs: at(0.5), p99Ms: at(0.99) };
}

/** One browser, new each time. */
async function signIn(origin: string, index: number, dispatcher: Agent): Promise<void> {
  const jar = new Map<string, string>();
  let url = `${origin}/hub/login?next=/hub/home`;
  let form: string | undefined;
  for (let steps = 0; steps < 12; steps += 1) {
    const answer = await request(url, {
      dispatcher,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { origin, 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: form }),
    });
    form = undefined;
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const body = await answer.body.text();
    const to = answer.headers['location'];
    if (typeof to === 'string') {
      url = new URL(to, url).href;
      if (url.endsWith('/hub/home')) return;
    } else {
      const token = /name="_csrf" value="([^"]+)"/.exec(body)?.[1];
      if (token === undefined) throw new Error(`no form at ${url}: ${answer.statusCode} ${body.slice(0, 300)}`);
      form = new URLSearchParams({ name: `user${index % 200}`, password: 'x', _csrf: token }).toString();
    }
  }
  throw new Error('a sign-in did not end');
}
