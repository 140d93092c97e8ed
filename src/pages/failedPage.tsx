import type { Identity } from '../access/types.ts';
import type { ServerFailure, ServerKey, ServerView } from '../servers/types.ts';
import { Layout } from './layout.tsx';
import { serverPage, serverTitle, withNext } from './links.ts';
import { LogLink, StopForm } from './serverCard.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

interface Props {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  next?: string | undefined;
}

/** A start that failed: all that its owner needs to mend it, without asking an admin for a log. */
export function FailedPage({ shell, who, server, failure, next }: Props & { failure: ServerFailure | null }) {
  const title = `${serverTitle(server, who.account.name)} did not start`;
  return (
    <Layout shell={shell} title={title} who={who}>
      <h1>{title}</h1>
      <section class="card">
        <p class="lead strong">{failure?.reason ?? 'The reason was not recorded.'}</p>
        {failure === null ? null : <Facts failure={failure} />}
        <div class="actions">
          <a class="button big" href={withNext(serverPage(shell.urls, 'spawn', server), next)}>
            Start again
          </a>
          <a class="button quiet" href={shell.urls.hub('home')}>
            Home
          </a>
        </div>
      </section>
    </Layout>
  );
}

function Facts({ failure }: { failure: ServerFailure }) {
  return (
    <>
      <dl class="facts">
        <dt>When</dt>
        <dd>
          <When at={failure.at} />
        </dd>
        {failure.exitCode === null ? null : <Fact term="Exit code" text={String(failure.exitCode)} />}
        {failure.signal === null ? null : <Fact term="Signal" text={failure.signal} />}
        {failure.command === '' ? null : <Fact term="Command" text={failure.command} code />}
      </dl>
      <h2 id="log-title">Last lines of its log</h2>
      {failure.logTail === '' ? (
        <p class="help">It wrote nothing.</p>
      ) : (
        <pre class="log" id="log" tabindex={0} role="region" aria-labelledby="log-title">
          {failure.logTail}
        </pre>
      )}
    </>
  );
}

function Fact({ term, text, code }: { term: string; text: string; code?: boolean }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{code === true ? <code>{text}</code> : text}</dd>
    </>
  );
}

/** Neither up nor down: said plainly, with a way out. */
export function UnknownPage({ shell, who, server, view }: Props & { view: ServerView }) {
  const title = `${serverTitle(server, who.account.name)}: state not known`;
  return (
    <Layout shell={shell} title={title} who={who} refreshS={10}>
      <h1>{title}</h1>
      <section class="card" data-reload="10">
        <p class="lead">
          The gateway cannot tell right now whether the server runs: what it asks gives no answer. It keeps asking, and
          nothing is lost.
        </p>
        {view.failure === null ? null : <p>{view.failure.reason}</p>}
        <div class="actions">
          <StopForm shell={shell} who={who} server={server} label="Stop" />
          <StopForm shell={shell} who={who} server={server} label="Stop by force" force />
          <LogLink shell={shell} server={server} />
          <a class="button quiet" href={shell.urls.hub('home')}>
            Home
          </a>
        </div>
      </section>
    </Layout>
  );
}
