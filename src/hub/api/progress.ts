import { z } from 'zod';
import type { ProgressEvent, ServerKey, ServerView } from '../../servers/types.ts';
import { invalid, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { isReady, pendingOf } from './present.ts';
import { defineRoute } from './route.ts';
import type { Route } from './route.ts';
import { findServer } from './servers.ts';

/** JupyterHub's own interval of the lines that keep proxies from cutting the stream, ms. */
const heartbeatMs = 8000;

/** Of each event the JSON is in `data`. */
const eventModel = z.object({ data: z.string(), event: z.literal('message').optional() });

export function progressRoutes(deps: ApiDeps): Route[] {
  const route: Omit<Route, 'path'> = {
    method: 'get',
    tag: 'Servers',
    summary: 'Follow a start',
    description:
      'Server-sent events; each is JSON with `progress` (0 to 100), `message`, and at the end `ready` with `url`, or `failed`.',
    needs: ['read:servers'],
    subject: 'server',
    replies: {
      200: { description: 'Events until the start is over.', schema: eventModel, media: 'text/event-stream' },
      400: { description: 'The server is not starting.' },
    },
    async handle(call) {
      const { key, view } = await findServer(deps, call);
      if (deps.servers().get(key) === undefined) throw notFound('No such server.');
      if (view.phase === 'stopped' || view.phase === 'stopping')
        throw invalid(`The server is not starting (it is ${pendingOf(view) ?? 'stopped'}).`);
      return stream(deps, key, view);
    },
  };
  return [
    defineRoute({ ...route, path: '/users/{name}/server/progress' }),
    defineRoute({
      ...route,
      path: '/users/{name}/servers/{server_name}/progress',
      aliases: ['/users/{name}/servers//progress'],
    }),
  ];
}

function stream(deps: ApiDeps, key: ServerKey, view: ServerView): Response {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (text: string): void => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(text));
      };
      const beat = setInterval(() => send('\n\n'), heartbeatMs);
      try {
        for await (const event of eventsOf(deps, key, view, gone.signal)) send(`data: ${JSON.stringify(event)}\n\n`);
      } finally {
        clearInterval(beat);
        if (!gone.signal.aborted) controller.close();
      }
    },
    cancel: () => gone.abort(),
  });
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
}

/** A server that is ready or has failed says that at once; one that starts says all, and how it ended. */
async function* eventsOf(
  deps: ApiDeps,
  key: ServerKey,
  view: ServerView,
  signal: AbortSignal,
): AsyncIterable<Record<string, unknown>> {
  if (isReady(view) || view.phase === 'failed') {
    yield isReady(view) ? readyEvent(view) : failedEvent(view.failure?.reason);
    return;
  }
  let last: ProgressEvent | undefined;
  for await (const event of deps.servers().progress(key, signal)) {
    last = event;
    if (event.ready !== true && event.failed !== true)
      yield { progress: event.progress, message: event.message, phase: event.phase };
  }
  const end = deps.servers().get(key);
  yield end !== undefined && isReady(end) ? readyEvent(end) : failedEvent(end?.failure?.reason ?? last?.message);
}

function readyEvent({ prefix }: ServerView): Record<string, unknown> {
  return {
    progress: 100,
    ready: true,
    message: `Server ready at ${prefix}`,
    html_message: `Server ready at <a href="${prefix}">${prefix}</a>`,
    url: prefix,
  };
}

function failedEvent(reason: string | undefined): Record<string, unknown> {
  return { progress: 100, failed: true, message: `Spawn failed: ${reason ?? 'unknown reason'}` };
}
