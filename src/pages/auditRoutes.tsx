import { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Audit } from '../telemetry/audit/createAudit.ts';
import { AuditPage, VisitsPage } from './auditPage.tsx';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import type { Shell } from './shell.ts';

export interface AuditRoutesParts {
  shell: Shell;
  /** Absent: nothing is written of who did what. */
  audit?: Pick<Audit, 'list'>;
  clock: Clock;
}

/** Nobody reads more than this at once. */
const shownAtMost = 200;
const hourMs = 3_600_000;

/** `/visits`: what others did at one's own servers, or (`?all`) all about oneself. `/admin/audit`: everything, for admins. */
export function auditRoutes({ shell, audit, clock }: AuditRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  app.get('/visits', async (c) => {
    const who = c.get('who');
    const all = c.req.query('all') !== undefined;
    const asked = { account: who.account.name, byOthers: !all, limit: shownAtMost };
    return c.html(toHtml(<VisitsPage {...{ shell, who, all, records: (await audit?.list(asked)) ?? [] }} />));
  });
  app.get('/admin/audit', async (c) => {
    const who = c.get('who');
    if (!who.account.admin) throw new GatewayError('access.denied', { advice: 'Only administrators can do this.' });
    const asked = (name: string): string => (c.req.query(name) ?? '').trim().slice(0, 200);
    const filter = { account: asked('account'), what: asked('what'), hours: asked('hours') };
    const hours = /^\d{1,5}$/.test(filter.hours) ? Number(filter.hours) : undefined;
    const records = await audit?.list({
      account: filter.account === '' ? undefined : filter.account,
      what: filter.what === '' ? undefined : filter.what,
      sinceMs: hours === undefined ? undefined : clock.now() - hours * hourMs,
      limit: shownAtMost,
    });
    return c.html(toHtml(<AuditPage {...{ shell, who, filter, records: records ?? [] }} />));
  });
  return app;
}
