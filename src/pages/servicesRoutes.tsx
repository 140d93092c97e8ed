import { Hono } from 'hono';
import type { Identity, Target } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { Services, ServiceView } from '../services/types.ts';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import { ServicesPage } from './servicesPage.tsx';
import type { Shell } from './shell.ts';

export interface ServicesRoutesParts {
  shell: Shell;
  services: Services;
  mayOpen: (who: Identity, target: Target) => boolean;
}

const logLines = 50;

/** What this person may open, of the site or their own. */
export function servicesFor(who: Identity, { services, mayOpen }: Omit<ServicesRoutesParts, 'shell'>): ServiceView[] {
  return services
    .list()
    .filter(({ display, prefix }) => display && prefix !== '')
    .filter(({ name, owner }) =>
      owner === null ? mayOpen(who, { kind: 'service', name }) : owner === who.account.name,
    );
}

/** The services' page, for admins. */
export function servicesRoutes({ shell, services }: ServicesRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  app.use('/services', async (c, next) => {
    if (!c.get('who').account.admin)
      throw new GatewayError('access.denied', { advice: 'Only administrators can do this.' });
    await next();
  });
  app.get('/services', async (c) => {
    const all = services.list();
    const own = all.filter(({ managed, owner }) => managed && owner === null);
    const logs = new Map<string, string>();
    for (const { name } of own) logs.set(name, await services.log(name, logLines));
    return c.html(toHtml(<ServicesPage shell={shell} who={c.get('who')} services={all} logs={logs} />));
  });
  app.post('/services', async (c) => {
    const { service } = c.get('posted');
    await services.restart(typeof service === 'string' ? service : '', c.get('who').account.name);
    return c.redirect(shell.urls.hub('services'), 303);
  });
  return app;
}
