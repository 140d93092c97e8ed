import type { Identity } from '../access/types.ts';
import type { ServerKey, ServerPhase, ServerView } from '../servers/types.ts';
import { PlannedStop } from './keepForm.tsx';
import { serverPage, serverTitle } from './links.ts';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

interface CardProps {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  view: ServerView | undefined;
}

/** What each phase is called, in a word or two. */
const phaseWords: Record<ServerPhase, string> = {
  stopped: 'Stopped',
  queued: 'Queued',
  starting: 'Starting',
  ready: 'Running',
  stopping: 'Stopping',
  failed: 'Did not start',
  unknown: 'Not known',
};

/** A word with a dot: never by colour alone. */
export function PhaseBadge({ phase }: { phase: ServerPhase }) {
  return <span class={`phase ${phase}`}>{phaseWords[phase]}</span>;
}

/** One server of the visitor's own: its state, and what can be done about it. */
export function ServerCard(props: CardProps) {
  const { who, server, view } = props;
  const phase = view?.phase ?? 'stopped';
  return (
    <section class="card server" aria-labelledby={`server-${server.name}`}>
      <div class="title">
        <h2 id={`server-${server.name}`}>{serverTitle(server, who.account.name)}</h2>
        <PhaseBadge phase={phase} />
      </div>
      <State {...props} phase={phase} />
      <ShareLink {...props} />
    </section>
  );
}

function State({ shell, who, server, view, phase }: CardProps & { phase: ServerPhase }) {
  const pending = serverPage(shell.urls, 'spawn-pending', server);
  const start = (label: string) => (
    <a class="button big" href={serverPage(shell.urls, 'spawn', server)}>
      {label}
    </a>
  );
  switch (phase) {
    case 'ready':
      return (
        <>
          <p class="lead">{view === undefined ? null : <Running view={view} />}</p>
          <ServerNotice view={view} />
          {view === undefined ? null : <PlannedStop shell={shell} who={who} view={view} />}
          <div class="actions">
            <a class="button big" href={view?.url ?? shell.urls.prefix(server)} rel="noopener">
              Open
            </a>
            <StopForm shell={shell} who={who} server={server} label="Stop" />
            <LogLink shell={shell} server={server} />
          </div>
        </>
      );
    case 'queued':
    case 'starting':
    case 'stopping':
      return (
        <div class="actions">
          <a class="button big" href={pending}>
            See progress
          </a>
          {phase === 'stopping' ? null : <StopForm shell={shell} who={who} server={server} label="Cancel" />}
        </div>
      );
    case 'failed':
      return (
        <>
          <p class="lead">{view?.failure?.reason}</p>
          <div class="actions">
            {start('Start again')}
            <a class="button" href={pending}>
              What happened
            </a>
          </div>
        </>
      );
    case 'unknown':
      return (
        <>
          <p class="lead">The gateway cannot tell right now whether it runs. It keeps looking; nothing is lost.</p>
          <div class="actions">
            <a class="button" href={pending}>
              Details
            </a>
            <StopForm shell={shell} who={who} server={server} label="Stop" />
          </div>
        </>
      );
    default:
      return (
        <>
          {view?.stopReason ? <p class="lead">{view.stopReason}</p> : null}
          <p class="lead">Running workflows are not affected. Start it to monitor and control them.</p>
          <div class="actions">{start('Start')}</div>
        </>
      );
  }
}

/** What the server has said of itself since its start. */
export function ServerNotice({ view }: { view: ServerView | undefined }) {
  if (!view?.notice) return null;
  return (
    <p class="notice warning" role="status">
      {view.notice}
    </p>
  );
}

function ShareLink({ shell, who, server }: CardProps) {
  if (server.owner !== who.account.name) return null;
  return (
    <p class="help">
      <a href={serverPage(shell.urls, 'share', server)}>Share this server</a>
    </p>
  );
}

export function LogLink({ shell, server }: Pick<CardProps, 'shell' | 'server'>) {
  return (
    <a class="button quiet" href={serverPage(shell.urls, 'log', server)}>
      Log
    </a>
  );
}

function Running({ view }: { view: ServerView }) {
  return (
    <>
      {view.startedAt === null ? 'Running' : 'Running since '}
      {view.startedAt === null ? null : <When at={view.startedAt} />}
      {view.startedBy === null || view.startedBy === view.owner ? '' : `, started by ${view.startedBy}`}
    </>
  );
}

interface StopProps {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  label: string;
  force?: boolean;
}

/**
 * A button that stops a server (or cancels its start): a form, so that it works without JavaScript. Where there may be
 * none, a link to the page that has it.
 */
export function StopForm({ shell, who, server, label, force }: StopProps) {
  if (!shell.forms)
    return (
      <a class="button" href={serverPage(shell.urls, 'spawn-pending', server)}>
        {`${label} …`}
      </a>
    );
  return (
    <PostForm shell={shell} who={who} action={shell.urls.hub('stop')}>
      <input type="hidden" name="owner" value={server.owner} />
      <input type="hidden" name="server" value={server.name} />
      {force === true ? <input type="hidden" name="force" value="on" /> : null}
      <button class={force === true ? 'danger' : ''} type="submit">
        {label}
      </button>
    </PostForm>
  );
}
