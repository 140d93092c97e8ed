import type { Identity } from '../access/types.ts';
import type { SessionView } from '../identity/sessionRecords.ts';
import { browserOf } from './browserOf.ts';
import { Layout } from './layout.tsx';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';
import { RowForm } from './rowForm.tsx';

export interface SessionsProps {
  shell: Shell;
  who: Identity;
  /** Whose sessions: of one account, or undefined for everybody's (admins). */
  account: string | undefined;
  sessions: readonly SessionView[];
}

/** Where one is signed in, each with a button that ends it; admins see everybody's. */
export function SessionsPage({ shell, who, account, sessions }: SessionsProps) {
  const mine = account === who.account.name;
  const title = mine
    ? 'Where you are signed in'
    : account === undefined
      ? 'Who is signed in'
      : `Sessions of ${account}`;
  return (
    <Layout shell={shell} title={title} who={who} here="sessions">
      <h1>{title}</h1>
      <p class="help">
        Ending a sign-in closes the pages of Cylc servers that it has opened, at once. Servers and workflows go on.
      </p>
      {who.account.admin ? <Whose shell={shell} account={account} me={who.account.name} /> : null}
      <section class="card" aria-label={title}>
        {sessions.length === 0 ? <p>Nobody is signed in.</p> : null}
        <ul class="list">
          {sessions.map((session) => (
            <SessionItem shell={shell} who={who} session={session} showAccount={account === undefined} />
          ))}
        </ul>
        {account === undefined || sessions.length === 0 ? null : (
          <PostForm shell={shell} who={who} action={shell.urls.hub('sessions/end-all')}>
            <input type="hidden" name="account" value={account} />
            <button class="danger" type="submit">
              {mine ? 'Sign out everywhere' : `End all of ${account}`}
            </button>
          </PostForm>
        )}
      </section>
    </Layout>
  );
}

interface ItemProps {
  shell: Shell;
  who: Identity;
  session: SessionView;
  showAccount: boolean;
}

function SessionItem({ shell, who, session, showAccount }: ItemProps) {
  const here = session.id === who.sessionId;
  const browser = browserOf(session.userAgent);
  return (
    <li>
      <div>
        <span class="name" title={session.userAgent}>
          {showAccount ? `${session.account}: ${browser}` : browser}
          {here ? ' (this browser)' : ''}
        </span>
        <p class="help">
          since <When at={session.createdAt} />, until <When at={session.expiresAt} />
          {session.kind === 'external' ? ', by the single sign-on of this site' : ''}
        </p>
      </div>
      <RowForm
        shell={shell}
        who={who}
        action={shell.urls.hub('sessions/end')}
        name="id"
        value={session.id}
        label="End"
        spoken={`End ${browser} of ${session.account}`}
        quiet
      />
    </li>
  );
}

function Whose({ shell, account, me }: { shell: Shell; account: string | undefined; me: string }) {
  return (
    <p>
      {account === me ? (
        <a href={`${shell.urls.hub('sessions')}?all`}>Everybody’s</a>
      ) : (
        <a href={shell.urls.hub('sessions')}>Mine</a>
      )}
    </p>
  );
}
