import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { Servers } from '../servers/types.ts';
import { AdminServersPage } from './adminServersPage.tsx';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import type { Shell } from './shell.ts';

/** All servers of the site, for admins: what runs, and the stop of all. */
export function adminServersRoutes({ shell, servers }: { shell: Shell; servers: Servers }): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  const page = shell.urls.hub('admin/servers');
  app.get('/admin/servers', (c) => {
    const props = { shell, who: admin(c), servers: servers.list(), run: servers.stopAllRun() };
    return c.html(toHtml(<AdminServersPage {...props} />));
  });
  app.post('/admin/servers/stop-all', (c) => {
    const by = admin(c).account.name;
    if (c.get('posted')['sure'] === 'on') servers.stopAll({ by });
    return c.redirect(page, 303);
  });
  return app;
}

function admin(c: Context<PagesEnv>): Identity {
  const who = c.get('who');
  if (!who.account.admin) throw new GatewayError('access.denied', { advice: 'Only administrators can do this.' });
  return who;
}
