import type { ServerView, ProgressEvent } from '../servers/types.ts';
import { plainHeaders } from './pageHeaders.ts';

export interface StreamOptions {
  /** Opens the events; the signal ends them when the browser goes away. */
  open(signal: AbortSignal): AsyncIterable<ProgressEvent>;
  /** State of the server, for the last word if the events end without one. */
  view(): ServerView | undefined;
  /** `Last-Event-ID` of a browser that comes back (WHATWG HTML, server-sent events). */
  lastEventId: string | undefined;
  /** A comment line is sent this often, so that no proxy on the way takes the stream for dead. */
  heartbeatMs: number;
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx holds answers back otherwise.
  'x-accel-buffering': 'no',
  ...plainHeaders,
};

/**
 * Progress as an event stream. Ids are `<start of this run>-<event>`: a returning browser is spared what it has seen,
 * but sees all of a newer run. A final event always comes, then `end`, upon which the browser must hang up.
 */
export function progressStream(options: StreamOptions): Response {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (text: string): void => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(text));
      };
      const beat = setInterval(() => send(': still here\n\n'), options.heartbeatMs);
      try {
        send('retry: 2000\n\n');
        await pump(options, gone.signal, send);
        send('event: end\ndata: {}\n\n');
      } finally {
        clearInterval(beat);
        if (!gone.signal.aborted) controller.close();
      }
    },
    cancel: () => gone.abort(),
  });
  return new Response(body, { headers: streamHeaders });
}

async function pump(options: StreamOptions, signal: AbortSignal, send: (text: string) => void): Promise<void> {
  let run: string | undefined;
  let last: ProgressEvent | undefined;
  for await (const event of options.open(signal)) {
    run ??= String(Date.parse(event.at));
    last = event;
    if (!seen(options.lastEventId, run, event.id)) send(format(event, `${run}-${event.id}`));
  }
  if (!isFinal(last) && !signal.aborted) send(format(lastWord(options.view(), last), undefined));
}

function isFinal(event: ProgressEvent | undefined): boolean {
  return event !== undefined && (event.ready === true || event.failed === true || event.phase === 'stopped');
}

function seen(lastEventId: string | undefined, run: string, id: number): boolean {
  const [lastRun, lastId] = (lastEventId ?? '').split('-');
  return lastRun === run && id <= Number(lastId);
}

/** Made from the server's state where its events broke off. */
function lastWord(view: ServerView | undefined, last: ProgressEvent | undefined): ProgressEvent {
  const phase = view?.phase ?? 'stopped';
  const base = { id: (last?.id ?? 0) + 1, at: last?.at ?? new Date(0).toISOString(), progress: 100, phase };
  if (phase === 'ready') return { ...base, message: 'Ready', ready: true, ...(view && { url: view.url }) };
  if (phase === 'stopped') return { ...base, message: 'Stopped' };
  return { ...base, message: view?.failure?.reason ?? 'The news broke off', failed: true };
}

function format(event: ProgressEvent, id: string | undefined): string {
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`;
}

/** What has happened so far: reads until the events pause. For pages without JavaScript. */
export async function eventsSoFar(
  open: (signal: AbortSignal) => AsyncIterable<ProgressEvent>,
  pauseMs: number,
): Promise<ProgressEvent[]> {
  const stop = new AbortController();
  const events: ProgressEvent[] = [];
  const iterator = open(stop.signal)[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    const got = await Promise.race([next, pause(pauseMs)]);
    if (got === undefined || got.done === true) {
      stop.abort();
      next.catch(() => undefined);
      return events;
    }
    events.push(got.value);
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}
