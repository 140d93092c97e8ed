import { Hono } from 'hono';
import type { Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { Sessions } from '../identity/sessions.ts';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import { SessionsPage } from './sessionsPage.tsx';
import type { Shell } from './shell.ts';

export interface SessionsParts {
  shell: Shell;
  sessions: Pick<Sessions, 'list' | 'listAll' | 'revoke' | 'revokeAll'>;
}

/** `/sessions`: one's own sign-ins, and for admins everybody's (`?all`, `?account=NAME`). */
export function sessionsRoutes({ shell, sessions }: SessionsParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  app.get('/sessions', (c) => {
    const who = c.get('who');
    const account = c.req.query('all') === undefined ? (c.req.query('account') ?? who.account.name) : undefined;
    assertMay(who, account);
    const found = account === undefined ? sessions.listAll() : sessions.list(account);
    return c.html(toHtml(<SessionsPage {...{ shell, who, account, sessions: found }} />));
  });
  app.post('/sessions/end', async (c) => {
    const [who, id] = [c.get('who'), c.get('posted')['id']];
    const session = sessions.listAll().find((one) => one.id === id);
    if (session !== undefined) {
      assertMay(who, session.account);
      await sessions.revoke(session.id, who.account.name);
    }
    return c.redirect(pageOf(shell, who, session?.account), 303);
  });
  app.post('/sessions/end-all', async (c) => {
    const [who, account] = [c.get('who'), c.get('posted')['account']];
    if (typeof account !== 'string') throw new GatewayError('request.invalid');
    assertMay(who, account);
    await sessions.revokeAll(account, who.account.name);
    return c.redirect(pageOf(shell, who, account), 303);
  });
  return app;
}

function assertMay({ account }: Identity, whose: string | undefined): void {
  if (whose !== account.name && !account.admin) throw new GatewayError('access.denied');
}

function pageOf(shell: Shell, who: Identity, account: string | undefined): string {
  const path = shell.urls.hub('sessions');
  return account === undefined || account === who.account.name
    ? path
    : `${path}?account=${encodeURIComponent(account)}`;
}
