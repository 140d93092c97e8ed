import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { configSchema } from '../../src/config/schema.ts';
import { createAccounts } from '../../src/identity/accounts.ts';
import { createIdentity } from '../../src/identity/createIdentity.ts';
import type { SystemUser } from '../../src/identity/systemUsers.ts';
import { clientOf } from '../../src/listen/clientAddress.ts';
import { openStore } from '../../src/store/open.ts';
import { createLog } from '../../src/telemetry/log.ts';

/** The gateway's sign-in over a real store, with made-up accounts and a PAM that says yes at once: for `signIn.ts`. */
const clock = { now: () => Date.now() };
const log = createLog({ level: 'error', format: 'json' });
const server = createServer();
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const dataDir = await mkdtemp(join(tmpdir(), 'gw-bench-'));
const store = await openStore({ dataDir, clock, log });
const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
await store.state.update((draft) => {
  for (let n = 0; n < Number(process.argv[2]); n++)
    draft.sessions[`s${n}`] = {
      id: `s${n}`,
      account: `other${n}`,
      issuer: origin,
      userAgent: 'Mozilla/5.0',
      createdAt: at(0),
      expiresAt: at(3_600_000 + n),
      revokedAt: null,
    };
});

const user = (number: number): SystemUser => ({
  name: `user${number}`,
  uid: 2000 + number,
  gid: 2000,
  displayName: 'x',
  home: '/',
  shell: '/bin/sh',
});
const users = {
  find: async (key: string | number) => user(typeof key === 'number' ? key - 2000 : Number(key.slice(4))),
  groups: async () => ['wx'],
  list: async () => [],
};

const room = await createIdentity({
  config: configSchema.parse({ identity: { pam: { failDelayS: 0 }, tries: { perAddress: 1_000_000 } } }),
  publicUrl: origin,
  localOrigin: () => origin,
  dataDir,
  store,
  accounts: createAccounts({ admin: store.admin, clock, users }),
  pamPool: () => ({ run: async (_, { name }) => ({ ok: true, name }), close: async () => {} }),
  clientOf,
  clock,
  log,
});
const listener = getRequestListener(new Hono().route('/hub', room.app).fetch);
server.on('request', (req, res) => {
  if (req.url?.startsWith('/hub/oidc/') === true) room.provider(req, res);
  else void listener(req, res);
});

process.on('message', () => {
  const { user: userUs, system } = process.cpuUsage();
  process.send?.({ cpuS: (userUs + system) / 1e6 });
});
process.send?.({ origin });
