import type { AdminPageProps } from './adminPageProps.ts';
import { EditList, RefusedEdit } from './adminEdits.tsx';
import { Accounts, Announcements, Groups, ServerTable } from './adminTables.tsx';
import { Layout } from './layout.tsx';
import { When } from './times.tsx';

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
