import type { Identity } from '../access/types.ts';
import type { AuditRecord } from '../telemetry/audit/record.ts';
import { Layout } from './layout.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

interface Props {
  shell: Shell;
  who: Identity;
  records: readonly AuditRecord[];
}

/** What others did at one's servers: who opened them above all. From where is for admins alone. */
export function VisitsPage({ shell, who, records, all }: Props & { all: boolean }) {
  const title = all ? 'All about you' : 'Who was at your servers';
  const here = shell.urls.hub('visits');
  return (
    <Layout shell={shell} title={title} who={who} here="visits" wide>
      <h1>{title}</h1>
      <p class="help">
        {all
          ? 'What you did, what was done to your servers, and attempts to sign in as you.'
          : 'Whoever opened, started or stopped your servers, was refused, or changed what is shared; and attempts to sign in as you. A visit is told once for each sign-in of the visitor.'}
      </p>
      <p>{all ? <a href={here}>By others only</a> : <a href={`${here}?all`}>All about me</a>}</p>
      <Records records={records} none={all ? 'Nothing yet.' : 'Nobody yet.'} />
    </Layout>
  );
}

interface Filter {
  account: string;
  what: string;
  hours: string;
}

/** Everything that anybody did, for admins, with a filter. */
export function AuditPage({ shell, who, records, filter }: Props & { filter: Filter }) {
  return (
    <Layout shell={shell} title="Audit" who={who} here="admin/audit" wide>
      <h1>Audit</h1>
      <form method="get" action={shell.urls.hub('admin/audit')} class="card">
        <Field name="account" label="Account" value={filter.account} help="who did it, or whose it is" />
        <Field name="what" label="What" value={filter.what} help="visit, denied, share, server.stop …" />
        <Field name="hours" label="Of the last hours" value={filter.hours} help="a number" />
        <button type="submit">Show</button>
      </form>
      <Records records={records} none="Nothing fits." place />
      <p class="help">At most the newest 200. All of it: cylc-gateway audit --json, or the file audit.jsonl.</p>
    </Layout>
  );
}

function Field({ name, label, value, help }: { name: string; label: string; value: string; help: string }) {
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input id={name} name={name} value={value} aria-describedby={`${name}-help`} />
      <p class="help" id={`${name}-help`}>
        {help}
      </p>
    </div>
  );
}

function Records({ records, none, place = false }: { records: readonly AuditRecord[]; none: string; place?: boolean }) {
  if (records.length === 0)
    return (
      <section class="card">
        <p>{none}</p>
      </section>
    );
  return (
    <section class="card">
      <div class="scroll" tabindex={0} role="region" aria-label="What happened, newest first">
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Did what</th>
              <th scope="col">Where</th>
              <th scope="col">Result</th>
              {place ? <th scope="col">From</th> : null}
            </tr>
          </thead>
          <tbody>
            {records.map((record) => (
              <tr>
                <td>
                  <When at={record.at} />
                </td>
                <th scope="row">{record.who ?? (record.way === 'hand edit' ? 'by hand' : 'nobody known')}</th>
                <td>
                  {words(record)}
                  {record.repeated === undefined ? '' : ` (${record.repeated} times more)`}
                </td>
                <td>{record.target ?? ''}</td>
                <td>{result(record)}</td>
                {place ? <td>{record.from ?? ''}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const plain: Readonly<Partial<Record<AuditRecord['what'], string>>> = {
  visit: 'opened it',
  denied: 'was refused',
  'sign-in': 'signed in',
  'sign-out': 'sign-in ended',
  'server.start': 'started it',
  'server.ready': 'it is ready',
  'server.failed': 'it did not start, or ended by itself',
  'server.stop': 'stopped it',
  'server.cancel': 'cancelled the start',
  'server.removed': 'removed it',
  'share.made': 'shared it',
  'share.changed': 'changed a share',
  'share.revoked': 'ended a share',
  'token.made': 'made a token',
  'token.revoked': 'revoked a token',
};

function words({ what, result: how, detail }: AuditRecord): string {
  const text = what === 'sign-in' && how === 'denied' ? 'could not sign in' : (plain[what] ?? what);
  if (!what.startsWith('share.')) return text;
  const grantee = detail?.['grantee'] as { name?: string } | undefined;
  return `${text} with ${grantee?.name ?? '?'} (${String(detail?.['level'])})`;
}

function result({ result: how, reason }: AuditRecord): string {
  return how === 'ok' ? 'ok' : `${how}${reason === null ? '' : `: ${reason}`}`;
}
