import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Clock } from '../clock.ts';
import type { Desk, Shown } from '../control/types.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { AdminPage } from './adminPage.tsx';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import type { Shell } from './shell.ts';

export interface AdminRoutesParts {
  shell: Shell;
  /** Lists and changes records as the commands do. */
  desk: Desk;
  store: Pick<Store<AdminData, StateData>, 'admin' | 'state' | 'hand'>;
  clock: Clock;
  log: Logger;
}

type C = Context<PagesEnv>;
type Deed = (desk: Desk, key: string, posted: Record<string, unknown>) => Promise<unknown>;

/** A site may have twenty thousand accounts; nobody reads more than this. */
const shownAtMost = 100;

/** The admins' page. Everything on it can be done by command and by editing admin.json too. */
export function adminRoutes(parts: AdminRoutesParts): Hono<PagesEnv> {
  const { shell, desk, store, clock, log } = parts;
  const app = new Hono<PagesEnv>();
  for (const path of ['/admin', '/admin/*'])
    app.use(path, async (c, next) => {
      if (!c.get('who').account.admin)
        throw new GatewayError('access.denied', { advice: 'Only administrators can do this.' });
      await next();
    });
  app.get('/admin', (c) => page(parts, c));
  app.post('/admin/edits', async (c) => {
    await store.hand.dismiss(c.get('who').account.name);
    return c.redirect(shell.urls.hub('admin'), 303);
  });
  app.post('/admin/:kind', async (c) => {
    const [kind, posted, by] = [c.req.param('kind'), c.get('posted'), c.get('who').account.name];
    const [key, act] = [text(posted['key']), text(posted['act'])];
    const deed = Object.hasOwn(deeds(clock), `${kind} ${act}`) ? deeds(clock)[`${kind} ${act}`] : undefined;
    if (deed === undefined) throw new GatewayError('request.invalid');
    if (kind === 'users' && key === by)
      return page(parts, c, 'You cannot block yourself or take the admin from yourself here.');
    try {
      await deed(desk, key, posted);
      log.info({ by, kind, key, act }, 'changed on the admin page');
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (error.status >= 500) throw error;
      return page(parts, c, error.message, error.status);
    }
    return c.redirect(shell.urls.hub('admin'), 303);
  });
  return app;
}

/** What the buttons do, by kind of record and `act`. */
function deeds(clock: Clock): Record<string, Deed> {
  const editUser =
    (fields: Record<string, unknown>): Deed =>
    (desk, key) =>
      desk.edit('users', key, fields);
  const remove =
    (kind: string): Deed =>
    (desk, key) =>
      desk.remove(kind, key);
  return {
    'users block': editUser({ blocked: true }),
    'users unblock': editUser({ blocked: null }),
    'users admin': editUser({ admin: true }),
    'users unadmin': editUser({ admin: null }),
    'servers start': (desk, key) => desk.edit('servers', key, { desired: 'up' }),
    'servers stop': (desk, key) => desk.edit('servers', key, { desired: 'down' }),
    'groups remove': remove('groups'),
    'groups members': changeMembers,
    'announcements remove': remove('announcements'),
    'announcements add': (desk, _, { text: words, level, hours }) =>
      desk.add('announcements', '', { text: text(words), level, until: hoursFromNow(text(hours), clock) }),
  };
}

async function changeMembers(desk: Desk, key: string, { add, drop }: Record<string, unknown>): Promise<void> {
  const fields = { 'members+': names(add), 'members-': names(drop) };
  const known = desk.list('groups').some((group) => group.key === key);
  await (known ? desk.edit('groups', key, fields) : desk.add('groups', key, fields));
}

function page(parts: AdminRoutesParts, c: C, fault?: string, status = fault === undefined ? 200 : 400) {
  const { shell, desk, store } = parts;
  const query = c.req.query('q') ?? '';
  const trouble = store.admin.trouble ?? store.state.trouble;
  const props = {
    shell,
    who: c.get('who'),
    query,
    fault,
    accounts: some(desk.list('users'), query),
    servers: some(desk.list('servers'), query),
    groups: desk.list('groups'),
    announcements: desk.list('announcements'),
    edits: store.hand.list(),
    refused: store.hand.refused,
    trouble: trouble && { reason: trouble.reason, since: new Date(trouble.sinceMs).toISOString() },
  };
  return c.html(toHtml(<AdminPage {...props} />), status as 200);
}

function some(rows: readonly Shown[], query: string): { rows: Shown[]; total: number } {
  const wanted = query.trim().toLowerCase();
  const found = rows.filter((row) => wanted === '' || JSON.stringify(row).toLowerCase().includes(wanted));
  return { rows: found.slice(0, shownAtMost), total: found.length };
}

function hoursFromNow(hours: string, clock: Clock): string | null {
  if (hours === '') return null;
  if (!/^\d{1,4}$/.test(hours)) throw new GatewayError('request.invalid', { message: 'Write the hours as a number.' });
  return new Date(clock.now() + Number(hours) * 3_600_000).toISOString();
}

function names(value: unknown): string[] {
  return text(value)
    .split(/[\s,]+/)
    .filter((name) => name !== '');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
