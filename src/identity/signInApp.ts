import { Hono } from 'hono';
import { GatewayError, toGatewayError } from '../errors.ts';
import { takeLink } from './linkFlow.ts';
import { finishLogin, showLogin } from './loginFlow.ts';
import { afterProviderLogout, backChannelLogout, showLogout, signOut } from './logoutFlow.ts';
import { fail, isOurs } from './signInParts.ts';
import type { SignInParts } from './signInParts.ts';

/** `/login`, `/logout`, `/oauth_callback`, `/backchannel_logout` and `/jwks.json`, relative to `<base>/hub`. */
export function createSignInApp(parts: SignInParts): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
    // Not `no-referrer`: from such a page browsers send forms with `Origin: null` (Fetch, 3.2), which we refuse.
    c.header('referrer-policy', 'strict-origin');
    c.header('x-frame-options', 'DENY');
  });
  app.get('/login', (c) => showLogin(c, parts));
  app.post('/login', (c) => takeLink(c, parts));
  app.get('/oauth_callback', (c) => finishLogin(c, parts));
  app.get('/logout', (c) => showLogout(c, parts));
  app.post('/logout', (c) =>
    isOurs(c, parts) ? signOut(c, parts) : fail(c, parts, new GatewayError('access.origin')),
  );
  app.get('/logout/done', (c) => afterProviderLogout(c, parts));
  app.post('/backchannel_logout', (c) => backChannelLogout(c, parts));
  app.get('/jwks.json', (c) => {
    c.header('cache-control', 'public, max-age=300');
    return c.json(parts.publicKeys());
  });
  app.onError((error, c) => fail(c, parts, toGatewayError(error)));
  return app;
}
