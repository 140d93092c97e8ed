import type { Identity } from '../access/types.ts';
import { formAction } from '../identity/csrf.ts';
import type { ServerKey, ServerPhase } from '../servers/types.ts';
import { Layout } from './layout.tsx';
import { serverPage, serverTitle } from './links.ts';
import { PhaseBadge } from './serverCard.tsx';
import type { Shell } from './shell.ts';

interface Props {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  phase: ServerPhase;
  /** Its last lines: all there is for browsers without JavaScript; the script follows it. */
  text: string;
}

/** So many lines at first. */
export const logLines = 500;

/** What a server writes, as it writes it. */
export function LogPage({ shell, who, server, phase, text }: Props) {
  const title = `Log of ${lower(serverTitle(server, who.account.name))}`;
  const live = phase !== 'stopped' && phase !== 'failed';
  const address = logAddress(shell, server);
  const token = shell.csrfToken(who, formAction('GET', address));
  const follow = live ? { 'data-follow': address, 'data-token': token } : {};
  return (
    <Layout shell={shell} title={title} who={who} wide refreshS={live ? 5 : undefined}>
      <div class="title">
        <h1>{title}</h1>
        <PhaseBadge phase={phase} />
      </div>
      <section class="card">
        <p class="help" role="status" data-log-state>
          {live ? 'Its last lines, and what it writes from now on.' : 'It does not run now: these are its last lines.'}
        </p>
        <pre class="log tall" tabindex={0} role="region" aria-label="Log" {...follow}>
          {text}
        </pre>
        <div class="actions">
          <a class="button quiet" href={shell.urls.hub('home')}>
            Home
          </a>
          {phase === 'failed' ? (
            <a class="button quiet" href={serverPage(shell.urls, 'spawn-pending', server)}>
              What happened
            </a>
          ) : null}
        </div>
      </section>
    </Layout>
  );
}

/** Of the API: our script reads it with the token of this page, which scripts of UI servers cannot have. */
function logAddress({ urls }: Shell, { owner, name }: ServerKey): string {
  const server = name === '' ? 'server' : `servers/${encodeURIComponent(name)}`;
  return urls.hub(`api/users/${encodeURIComponent(owner)}/${server}/log?follow=true&lines=${logLines}`);
}

function lower(text: string): string {
  return text.replace(/^Your/, 'your');
}
