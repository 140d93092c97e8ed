import type { Child } from 'hono/jsx';
import type { Identity } from '../access/types.ts';
import type { Shown } from '../control/types.ts';
import type { EditRecord } from '../store/editLog.ts';
import type { Fault } from '../store/faults.ts';
import { EditList, RefusedEdit } from './adminEdits.tsx';
import { Accounts, Announcements, Groups, ServerTable } from './adminTables.tsx';
import { Csrf, Layout } from './layout.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

export interface AdminPageProps {
  shell: Shell;
  who: Identity;
  /** What accounts and servers are searched for; empty: everything. */
  query: string;
  /** At most `shownAtMost`; `total` says how many match. */
  accounts: { rows: readonly Shown[]; total: number };
  servers: { rows: readonly Shown[]; total: number };
  groups: readonly Shown[];
  announcements: readonly Shown[];
  edits: readonly EditRecord[];
  refused: { since: string; faults: readonly Fault[] } | undefined;
  /** Why records cannot be written now, and since when (ISO 8601). */
  trouble: { reason: string; since: string } | undefined;
  /** What was wrong with the form that was just sent. */
  fault?: string | undefined;
}

/** For admins: accounts, servers, groups, announcements, and what was edited by hand. */
export function AdminPage(props: AdminPageProps) {
  const { shell, who, query, trouble, fault } = props;
  return (
    <Layout shell={shell} title="Administration" who={who} here="admin" wide>
      <h1>Administration</h1>
      {fault === undefined ? null : (
        <div class="notice danger" role="alert">
          <p>{fault}</p>
        </div>
      )}
      {trouble === undefined ? null : (
        <div class="notice danger" role="alert">
          <p>
            {`Records cannot be written: ${trouble.reason}, since `}
            <When at={trouble.since} />. Running servers go on; what changes now is lost if the gateway ends.
          </p>
        </div>
      )}
      <RefusedEdit {...props} />
      <form class="card" method="get" action={shell.urls.hub('admin')} role="search">
        <div class="field">
          <label for="q">Search accounts and servers</label>
          <div class="control">
            <input id="q" name="q" value={query} autocomplete="off" />
            <button type="submit">Search</button>
          </div>
        </div>
      </form>
      <Accounts {...props} />
      <ServerTable {...props} />
      <Groups {...props} />
      <Announcements {...props} />
      <EditList edits={props.edits} />
    </Layout>
  );
}

/** A form of one button (and perhaps more), for one record. */
export function Act(props: {
  shell: Shell;
  who: Identity;
  kind: string;
  name: string;
  act: string;
  label: string;
  danger?: boolean;
  children?: Child;
}) {
  const { shell, who, kind, name, act, label, danger = false, children } = props;
  return (
    <form class="inline" method="post" action={shell.urls.hub(`admin/${kind}`)}>
      <Csrf shell={shell} who={who} />
      <input type="hidden" name="key" value={name} />
      <input type="hidden" name="act" value={act} />
      {children}
      <button class={danger ? 'danger' : ''} type="submit" aria-label={`${label} ${name}`}>
        {label}
      </button>
    </form>
  );
}
