import type { Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { GateDecision } from '../proxy/types.ts';
import type { ServerKey } from '../servers/types.ts';
import { MessagePage } from './errorPage.tsx';
import { FailedPage, UnknownPage } from './failedPage.tsx';
import { serverPage, serverTitle, withNext } from './links.ts';
import { PendingPage } from './pendingPage.tsx';
import type { Asked } from './asked.ts';
import type { Shell } from './shell.ts';

type NoServer = Extract<GateDecision, { kind: 'no-server' }>;

/** Who may start and stop a server from its pages: its owner, and an admin. */
export function mayRun(who: Identity, server: ServerKey): boolean {
  return who.scopes === undefined && (who.account.name === server.owner || who.account.admin);
}

/** Who may start it from its pages: these, and visitors whom its owner or the site lets. */
export function mayStart(shell: Shell, who: Identity, server: ServerKey): boolean {
  return mayRun(who, server) || (who.scopes === undefined && shell.mayStart?.(who, server) === true);
}

/** What a program is told; the status is the page's too. 424 is what JupyterHub answers for a stopped server. */
export function notRunningError({ view }: NoServer): GatewayError {
  switch (view?.phase) {
    case 'queued':
    case 'starting':
    case 'ready':
      return new GatewayError('server.starting');
    case 'stopping':
      return new GatewayError('server.stopping');
    default:
      return new GatewayError('server.not-running');
  }
}

/** In the place of a server's own page: offers the start, waits with the visitor, or says why it failed. */
export function notRunningPage(shell: Shell, decision: NoServer, request: Asked) {
  const { target: server, identity: who, view } = decision;
  const mine = mayRun(who, server);
  const next = request.path + request.query;
  switch (view?.phase) {
    case 'queued':
    case 'starting':
    case 'stopping':
    case 'ready':
      return (
        <PendingPage
          shell={shell}
          who={who}
          server={server}
          phase={view.phase}
          events={[]}
          next="here"
          mayStop={mine}
        />
      );
    case 'failed':
      if (!mine) break;
      return <FailedPage shell={shell} who={who} server={server} failure={view.failure} next={next} />;
    case 'unknown':
      if (!mine) break;
      return <UnknownPage shell={shell} who={who} server={server} view={view} />;
    default:
  }
  return <StoppedPage shell={shell} who={who} server={server} next={next} mine={mayStart(shell, who, server)} />;
}

type StoppedProps = { shell: Shell; who: Identity; server: ServerKey; next: string; mine: boolean };

function StoppedPage({ shell, who, server, next, mine }: StoppedProps) {
  const text = mine
    ? 'Running workflows are not affected. Start it to monitor and control them.'
    : `Only ${server.owner} can start it.`;
  return (
    <MessagePage shell={shell} who={who} title={`${serverTitle(server, who.account.name)} is not running`} text={text}>
      {mine ? (
        <a class="button big" href={withNext(serverPage(shell.urls, 'spawn', server), next)} data-keep-hash>
          Start
        </a>
      ) : null}
    </MessagePage>
  );
}
