import type { Identity } from '../access/types.ts';
import type { ServerView, SilentJob } from '../servers/types.ts';
import type { ServiceView } from '../services/types.ts';
import { Layout } from './layout.tsx';
import { serverTitle } from './links.ts';
import { ServiceLinks } from './servicesPage.tsx';
import { PhaseBadge, ServerCard } from './serverCard.tsx';
import type { Shell } from './shell.ts';
import { Until } from './times.tsx';

export interface Announcement {
  text: string;
  level: 'info' | 'warning' | 'danger';
}

/** A server of somebody else that the visitor may open. */
export interface SharedServer {
  owner: string;
  name: string;
  level: 'read' | 'control';
  expiresAt: string | null;
  note: string;
  view: ServerView | undefined;
}

export interface HomeProps {
  shell: Shell;
  who: Identity;
  servers: readonly ServerView[];
  shared: readonly SharedServer[];
  services: readonly ServiceView[];
  announcements: readonly Announcement[];
  /** Jobs whose tasks stay "submitted", though they have run. */
  silentJobs: readonly SilentJob[];
}

/** The first page: one big button for the visitor's own server, then what others have shared. */
export function HomePage({ shell, who, servers, shared, services, announcements, silentJobs }: HomeProps) {
  const me = who.account.name;
  const first = servers.find((view) => view.name === '');
  const busy = servers.some((view) => ['queued', 'starting', 'stopping'].includes(view.phase));
  return (
    <Layout shell={shell} title="Home" who={who} here="home" refreshS={busy ? 5 : undefined}>
      <h1 class="hello">{`Hello, ${who.account.displayName === '' ? me : who.account.displayName}`}</h1>
      <Announcements items={announcements} />
      <ServerCard shell={shell} who={who} server={{ owner: me, name: '' }} view={first} />
      {servers
        .filter((view) => view.name !== '')
        .map((view) => (
          <ServerCard shell={shell} who={who} server={view} view={view} />
        ))}
      <SilentJobs jobs={silentJobs} />
      <StandInNote shell={shell} />
      <Shared shell={shell} shared={shared} />
      <ServiceLinks services={services} />
    </Layout>
  );
}

/** Cylc shows such tasks as "submitted" for ever, and not why. */
function SilentJobs({ jobs }: { jobs: readonly SilentJob[] }) {
  if (jobs.length === 0) return null;
  return (
    <section class="card" aria-labelledby="silent-jobs">
      <h2 id="silent-jobs">Jobs that did not report to their scheduler</h2>
      <p class="help">
        Their tasks stay “submitted”. This is what they wrote to job.err. If it says that cylc was not found, your login
        shell does not have it on its PATH.
      </p>
      <ul>
        {jobs.map(({ id, error }) => (
          <li>
            <code>{id}</code>: {error}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Announcements({ items }: { items: readonly Announcement[] }) {
  return (
    <>
      {items.map(({ text, level }) => (
        <div class={`notice ${level}`} role={level === 'danger' ? 'alert' : 'status'}>
          <p>{text}</p>
        </div>
      ))}
    </>
  );
}

/** Where servers are the bundled stand-in, says so, and how to get the real thing. */
export function StandInNote({ shell }: { shell: Shell }) {
  if (shell.standIn === undefined) return null;
  return (
    <div class="notice info">
      <p>
        <strong>{shell.standIn.reason}</strong> {shell.standIn.advice}{' '}
        <code class="whole">{shell.standIn.command}</code>
      </p>
    </div>
  );
}

function Shared({ shell, shared }: { shell: Shell; shared: readonly SharedServer[] }) {
  if (shared.length === 0) return null;
  return (
    <section class="card" aria-labelledby="shared">
      <h2 id="shared">Shared with me</h2>
      <ul class="list">
        {shared.map((item) => (
          <li>
            <div>
              <a class="name" href={shell.urls.prefix(item)} rel="noopener">
                {serverTitle(item)}
              </a>
              <p class="help">
                {item.level === 'control' ? 'You may look and act' : 'You may look'}
                {item.note === '' ? '' : `: ${item.note}`}
                <Until at={item.expiresAt} />
              </p>
            </div>
            <PhaseBadge phase={item.view?.phase ?? 'stopped'} />
          </li>
        ))}
      </ul>
    </section>
  );
}
