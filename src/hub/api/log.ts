import { z } from 'zod';
import type { ServerKey } from '../../servers/types.ts';
import { notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { defineRoute } from './route.ts';
import type { Route } from './route.ts';
import { findServer } from './servers.ts';

const query = z.looseObject({
  lines: z.coerce.number().int().min(0).max(10_000).default(100).meta({ description: 'So many of the last lines.' }),
  follow: z
    .enum(['true', 'false', '1', '0'])
    .default('false')
    .meta({ description: 'Go on until the server has ended.' }),
});

/** The log of a server, of our own: for whoever may run it, since it may hold what is its owner's business. */
export function logRoutes(deps: ApiDeps): Route[] {
  const route: Omit<Route, 'path'> = defineRoute({
    method: 'get',
    path: '',
    tag: 'Servers',
    summary: 'Read or follow the log of a server',
    description: 'What it writes to its output, without secrets that the gateway gave it. Not in JupyterHub.',
    needs: ['start:servers'],
    subject: 'server',
    query,
    replies: { 200: { description: 'The lines.', media: 'text/plain' } },
    async handle(call) {
      const { key } = await findServer(deps, call);
      if (deps.servers().get(key) === undefined) throw notFound('This server has no log yet.');
      const { lines, follow } = call.query;
      if (follow === 'true' || follow === '1') return stream(deps, key, lines);
      return new Response(withNewline(await deps.servers().log(key, lines)), { headers });
    },
  });
  return [
    { ...route, path: '/users/{name}/server/log' },
    {
      ...route,
      path: '/users/{name}/servers/{server_name}/log',
      aliases: ['/users/{name}/servers//log'],
    },
  ];
}

const headers = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx holds answers back otherwise.
  'x-accel-buffering': 'no',
};

function stream(deps: ApiDeps, key: ServerKey, lines: number): Response {
  const gone = new AbortController();
  const pieces = deps.servers().followLog(key, { lines, signal: gone.signal })[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: () => gone.abort(),
  });
  return new Response(body, { headers });
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
