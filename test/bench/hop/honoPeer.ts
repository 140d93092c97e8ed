import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import { proxy } from 'hono/proxy';
import type { PeerConfig } from './peerConfig.ts';

/** What one would write from Hono's documentation: its JWK check and its proxy helper. Carries no WebSockets. */
const given = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as PeerConfig;
const ports = new Map(given.ports);
const key = { ...createPublicKey(given.publicKeyPem).export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' };

const app = new Hono<{ Variables: { jwtPayload: { sub: string } } }>();
app.use(
  '/user/*',
  jwk({
    keys: [key],
    cookie: 'cylc-gateway',
    alg: ['RS256'],
    verification: { iss: given.issuer, aud: given.audience },
  }),
);
app.all('/user/:name/*', async (c) => {
  const name = c.req.param('name');
  const port = ports.get(name);
  if (c.get('jwtPayload').sub !== name || port === undefined) return c.text('Forbidden', 403);
  return proxy(`http://127.0.0.1:${port}${c.req.path}`, {
    // oxlint-disable-next-line no-misused-spread -- as Hono's documentation has it
    ...c.req,
    headers: { ...c.req.header(), cookie: undefined, 'X-Forwarded-For': '127.0.0.1' },
  });
});
serve({ fetch: app.fetch, port: given.port, hostname: '127.0.0.1' });
