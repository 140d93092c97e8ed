import type { Identity } from '../access/types.ts';
import type { ServerView, StopAllRun } from '../servers/types.ts';
import { Layout } from './layout.tsx';
import { PostForm } from './postForm.tsx';
import { LogLink, PhaseBadge, ServerNotice, StopForm } from './serverCard.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

interface Props {
  shell: Shell;
  who: Identity;
  servers: readonly ServerView[];
  run: StopAllRun | undefined;
}

/** For admins: what runs, and the stop of all of it. */
export function AdminServersPage({ shell, who, servers, run }: Props) {
  const active = servers.filter(({ phase }) => phase !== 'stopped' && phase !== 'failed');
  const busy = run?.endedAt === null;
  return (
    <Layout shell={shell} title="Servers" who={who} here="admin/servers" wide refreshS={busy ? 2 : undefined}>
      <h1>Servers</h1>
      {run === undefined ? null : <Run run={run} />}
      <section class="card" aria-labelledby="active">
        <h2 id="active">{active.length === 1 ? '1 server runs' : `${active.length} servers run`}</h2>
        <ul class="list">
          {active.map((view) => (
            <Row shell={shell} who={who} view={view} />
          ))}
        </ul>
        {active.length === 0 || busy ? null : <StopAllForm shell={shell} who={who} count={active.length} />}
      </section>
    </Layout>
  );
}

function Run({ run }: { run: StopAllRun }) {
  const done = run.stopped + run.failed.length;
  const going = run.endedAt === null;
  return (
    <section class="card" aria-label="Stop of all servers" {...(going ? { 'data-reload': '2' } : {})}>
      <p class="lead" role="status">
        {going
          ? `Stopping: ${done} of ${run.total} done.`
          : `${run.stopped} of ${run.total} stopped, asked by ${run.by}.`}
      </p>
      {going ? (
        <progress max={String(Math.max(run.total, 1))} value={String(done)} aria-label="Servers stopped">
          {`${done} of ${run.total}`}
        </progress>
      ) : null}
      <ul>
        {run.failed.map(({ server, reason }) => (
          <li>{`${server}: ${reason}`}</li>
        ))}
      </ul>
    </section>
  );
}

function Row({ shell, who, view }: { shell: Shell; who: Identity; view: ServerView }) {
  return (
    <li>
      <div>
        <a class="name" href={shell.urls.prefix(view)} rel="noopener">
          {view.name === '' ? view.owner : `${view.owner} / ${view.name}`}
        </a>{' '}
        <PhaseBadge phase={view.phase} />
        <p class="help">
          {view.startedAt === null ? null : 'since '}
          {view.startedAt === null ? null : <When at={view.startedAt} />}
          {view.lastActivityAt === null ? null : ' · last used '}
          {view.lastActivityAt === null ? null : <When at={view.lastActivityAt} />}
        </p>
        <ServerNotice view={view} />
      </div>
      <div class="actions">
        <StopForm shell={shell} who={who} server={view} label="Stop" />
        <LogLink shell={shell} server={view} />
      </div>
    </li>
  );
}

function StopAllForm({ shell, who, count }: { shell: Shell; who: Identity; count: number }) {
  return (
    <PostForm shell={shell} who={who} action={shell.urls.hub('admin/servers/stop-all')}>
      <p>
        <label>
          <input type="checkbox" name="sure" required />{' '}
          {`Stop all ${count}: their workflows run on, open pages close.`}
        </label>
      </p>
      <button class="danger" type="submit">
        Stop all servers
      </button>
    </PostForm>
  );
}
