import type { Shown } from '../control/types.ts';
import type { ServerPhase } from '../servers/types.ts';
import { Act } from './adminAct.tsx';
import type { AdminPageProps } from './adminPageProps.ts';
import { PostForm } from './postForm.tsx';
import { PhaseBadge } from './serverCard.tsx';
import { When } from './times.tsx';

type Props = Pick<AdminPageProps, 'shell' | 'who' | 'accounts' | 'servers' | 'groups' | 'announcements'>;

const words = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function Accounts({ shell, who, accounts }: Props) {
  return (
    <section class="card" aria-labelledby="accounts">
      <h2 id="accounts">Accounts</h2>
      <p class="help">{counted(accounts, 'account')}</p>
      <div class="scroll" tabindex={0} role="region" aria-label="Table of accounts">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Groups</th>
              <th scope="col">Sessions</th>
              <th scope="col">Note</th>
              <th scope="col">Actions</th>
            </tr>
          </thead>
          <tbody>
            {accounts.rows.map((row) => (
              <tr>
                <th scope="row">
                  {row.key}
                  {row['admin'] === true ? ' (admin)' : ''}
                  {row['blocked'] === true ? ' (blocked)' : ''}
                </th>
                <td>{words(row['groups'])}</td>
                <td>{String(row['sessions'] as number)}</td>
                <td>{text(row['note'])}</td>
                <td>{row.key === who.account.name ? 'you' : <AccountActs shell={shell} who={who} row={row} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function AccountActs({ shell, who, row }: Pick<Props, 'shell' | 'who'> & { row: Shown }) {
  const of = { shell, who, kind: 'users', name: row.key };
  return (
    <div class="acts">
      {row['blocked'] === true ? (
        <Act {...of} act="unblock" label="Unblock" />
      ) : (
        <Act {...of} act="block" label="Block" danger />
      )}
      {row['admin'] === true ? (
        <Act {...of} act="unadmin" label="Remove admin rights" />
      ) : (
        <Act {...of} act="admin" label="Make admin" />
      )}
    </div>
  );
}

export function ServerTable({ shell, who, servers }: Props) {
  return (
    <section class="card" aria-labelledby="servers">
      <h2 id="servers">Servers</h2>
      <p class="help">{counted(servers, 'server')}</p>
      <div class="scroll" tabindex={0} role="region" aria-label="Table of servers">
        <table>
          <thead>
            <tr>
              <th scope="col">Server</th>
              <th scope="col">State</th>
              <th scope="col">Last used</th>
              <th scope="col">Actions</th>
            </tr>
          </thead>
          <tbody>
            {servers.rows.map((row) => (
              <tr>
                <th scope="row">{row.key}</th>
                <td>
                  <PhaseBadge phase={row['phase'] as ServerPhase} />
                </td>
                <td>{text(row['lastActivityAt']) === '' ? '' : <When at={text(row['lastActivityAt'])} />}</td>
                <td>
                  {row['phase'] === 'stopped' || row['phase'] === 'failed' ? (
                    <Act shell={shell} who={who} kind="servers" name={row.key} act="start" label="Start" />
                  ) : (
                    <Act shell={shell} who={who} kind="servers" name={row.key} act="stop" label="Stop" danger />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Groups({ shell, who, groups }: Props) {
  return (
    <section class="card" aria-labelledby="groups">
      <h2 id="groups">Groups</h2>
      <ul class="list">
        {groups.map((row) => (
          <li>
            <div>
              <span class="name">{row.key}</span>
              <p class="help">{words(row['members']) === '' ? 'no members' : words(row['members'])}</p>
            </div>
            <Act shell={shell} who={who} kind="groups" name={row.key} act="remove" label="Remove" danger />
          </li>
        ))}
      </ul>
      <PostForm shell={shell} who={who} action={shell.urls.hub('admin/groups')}>
        <input type="hidden" name="act" value="members" />
        <div class="field">
          <label for="group">Group, new or known</label>
          <input id="group" name="key" required maxlength={64} />
        </div>
        <div class="field">
          <label for="add">Add these accounts</label>
          <input id="add" name="add" aria-describedby="names-help" />
        </div>
        <div class="field">
          <label for="drop">Take out these</label>
          <input id="drop" name="drop" aria-describedby="names-help" />
          <p class="help" id="names-help">
            Names with spaces between them.
          </p>
        </div>
        <div class="actions">
          <button type="submit">Change the group</button>
        </div>
      </PostForm>
    </section>
  );
}

export function Announcements({ shell, who, announcements }: Props) {
  return (
    <section class="card" aria-labelledby="announcements">
      <h2 id="announcements">Announcements</h2>
      <ul class="list">
        {announcements.map((row) => (
          <li>
            <div>
              <span class="name">{text(row['text'])}</span>
              <p class="help">
                {text(row['level'])}
                {row['from'] === null ? '' : ' · from '}
                {row['from'] === null ? null : <When at={text(row['from'])} />}
                {row['until'] === null ? '' : ' · until '}
                {row['until'] === null ? null : <When at={text(row['until'])} />}
              </p>
            </div>
            <Act shell={shell} who={who} kind="announcements" name={row.key} act="remove" label="Remove" danger />
          </li>
        ))}
      </ul>
      <PostForm shell={shell} who={who} action={shell.urls.hub('admin/announcements')}>
        <input type="hidden" name="act" value="add" />
        <div class="field">
          <label for="text">What everybody should read</label>
          <input id="text" name="text" required maxlength={2000} />
        </div>
        <div class="field">
          <label for="level">Level</label>
          <select id="level" name="level">
            <option value="info">for information</option>
            <option value="warning">warning</option>
            <option value="danger">urgent</option>
          </select>
        </div>
        <div class="field">
          <label for="hours">For so many hours; empty: until it is removed</label>
          <input id="hours" name="hours" type="number" min={1} max={8760} />
        </div>
        <div class="actions">
          <button type="submit">Announce</button>
        </div>
      </PostForm>
    </section>
  );
}

function counted({ rows, total }: { rows: readonly unknown[]; total: number }, what: string): string {
  const all = `${total} ${what}${total === 1 ? '' : 's'}`;
  return rows.length === total ? all : `${all}, the first ${rows.length} of which are shown: search for others.`;
}
