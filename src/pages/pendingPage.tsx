import type { Identity } from '../access/types.ts';
import type { ProgressEvent, ServerKey, ServerPhase } from '../servers/types.ts';
import { Layout } from './layout.tsx';
import { serverPage, serverTitle } from './links.ts';
import { LogLink, StopForm } from './serverCard.tsx';
import type { Shell } from './shell.ts';

export interface PendingProps {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  phase: ServerPhase;
  /** What has happened so far, for browsers without JavaScript; the script replays it all. */
  events: readonly ProgressEvent[];
  /** Where to go when it is ready; `here` is this very address (the page stands in for the server's). */
  next: string;
  mayStop: boolean;
}

const titles: Partial<Record<ServerPhase, string>> = { stopping: 'is stopping' };

/** Waits for a start or stop and goes on by itself: by the event stream, or by loading itself again. */
export function PendingPage({ shell, who, server, phase, events, next, mayStop }: PendingProps) {
  const progress = serverPage(shell.urls, 'progress', server);
  // The stream is for those who may run the server; other visitors' browsers ask again now and then.
  const follow = mayStop
    ? { 'data-progress': progress, 'data-next': next, 'data-home': shell.urls.hub('home') }
    : { 'data-reload': '3' };
  const title = `${serverTitle(server, who.account.name)} ${titles[phase] ?? 'is starting'}`;
  return (
    <Layout shell={shell} title={title} who={who} refreshS={2}>
      <h1>{title}</h1>
      <section class="card" {...follow}>
        <Steps phase={phase} events={events} />
        <div class="actions">
          {mayStop && phase !== 'stopping' ? <StopForm shell={shell} who={who} server={server} label="Cancel" /> : null}
          {mayStop && phase === 'stopping' ? (
            <StopForm shell={shell} who={who} server={server} label="Stop by force" force />
          ) : null}
          {mayStop && phase === 'starting' ? <LogLink shell={shell} server={server} /> : null}
          <a class="button quiet" href={shell.urls.hub('home')}>
            Home
          </a>
        </div>
        <p class="help">
          You may leave this page: {phase === 'stopping' ? 'the stop' : 'the start'} goes on without it.
        </p>
      </section>
    </Layout>
  );
}

function Steps({ phase, events }: { phase: ServerPhase; events: readonly ProgressEvent[] }) {
  const last = events.at(-1);
  const now = last?.message ?? (phase === 'stopping' ? 'Stopping' : 'Waiting for news');
  return (
    <>
      <p class="now" role="status" data-now>
        {now}
      </p>
      <progress max="100" value={String(last?.progress ?? 0)} aria-label="Progress">
        {`${last?.progress ?? 0} %`}
      </progress>
      <ol class="steps" data-steps>
        {events.map((event) => (
          <li>{event.message}</li>
        ))}
      </ol>
    </>
  );
}
