import { Hono } from 'hono';
import { decideAccess } from '../../src/access/decide.ts';
import type { Identity } from '../../src/access/types.ts';
import { configSchema } from '../../src/config/schema.ts';
import { createDesk } from '../../src/control/resources.ts';
import { GatewayError } from '../../src/errors.ts';
import { createHub } from '../../src/hub/createHub.ts';
import { createCsrf, formAction } from '../../src/identity/csrf.ts';
import type { Identify } from '../../src/identity/types.ts';
import { assetNames, loadAssets } from '../../src/pages/assets.ts';
import { createPages } from '../../src/pages/createPages.tsx';
import { createShell } from '../../src/pages/shell.ts';
import type { Shell } from '../../src/pages/shell.ts';
import type { Services } from '../../src/services/types.ts';
import { createShares } from '../../src/shares/createShares.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createUrls } from '../../src/urls.ts';
import { createMemorySessions } from './memorySessions.ts';
import { createMemoryServers } from './memoryServers.ts';
import type { MemoryServers } from './memoryServers.ts';
import { createMemoryStore } from './memoryStore.ts';
import type { MemoryStore } from './memoryStore.ts';

export interface PagesFixture {
  app: Hono;
  shell: Shell;
  servers: MemoryServers;
  store: MemoryStore;
  csrfToken(path: string, account?: string): string;
  /** A page load as `account` (a cookie stands for the sign-in); paths are relative to `<base>/hub`. */
  get(path: string, options?: { account?: string | undefined; headers?: Record<string, string> }): Promise<Response>;
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
}

const noServices: Services = {
  list: () => [],
  wake: () => Promise.resolve(),
  touch: () => {},
  restart: () => Promise.reject(new GatewayError('request.not-found')),
  log: () => Promise.resolve(''),
};

export function identityOf(name: string, more: Partial<Identity['account']> = {}): Identity {
  return {
    account: {
      name,
      uid: 1000,
      gid: 1000,
      home: `/home/${name}`,
      shell: '/bin/sh',
      displayName: name,
      groups: ['system:wx'],
      admin: name === 'root',
      ...more,
    },
    sessionId: `session-${name}`,
    issuer: 'test',
    expiresAt: Number.MAX_SAFE_INTEGER,
    via: 'cookie',
  };
}

/** The pages over servers and a store in memory; whoever has the cookie `as=NAME` is NAME. */
export async function createPagesFixture(
  options: { publicUrl?: string; displayName?: string; standIn?: Shell['standIn']; now?: string } = {},
): Promise<PagesFixture> {
  const urls = createUrls(options.publicUrl ?? 'http://localhost:8000');
  const assets = await loadAssets();
  const csrf = createCsrf({ secret: Buffer.from('secret'), publicOrigin: urls.origin });
  const csrfToken = (who: Identity, action: string): string => csrf.token(who.sessionId, action);
  const shell = createShell(urls, { asset: assetNames(assets), csrfToken, standIn: options.standIn });
  const [servers, store] = [createMemoryServers(), createMemoryStore()];
  const now = Date.parse(options.now ?? '2026-11-24T12:00:00Z');
  const log = createLog({ level: 'error', format: 'json' });
  const accounts = {
    find: (name: string) => Promise.resolve(name === 'nobody' ? undefined : identityOf(name).account),
  };
  const hub = createHub({
    config: configSchema.parse({}),
    store,
    accounts,
    access: (who, target) =>
      decideAccess(who, target, { policy: 'owner', adminAccess: false, sharesOf: () => [], now }),
    urls,
    runtimeDir: '',
    peerOf: undefined,
    clock: { now: () => now },
    log,
  });
  const shares = createShares({
    admin: store.admin,
    accounts,
    needsRestart: () => false,
    clock: { now: () => now },
    log,
  });
  const identify: Identify = ({ cookie }) => {
    const name = /(?:^|; )as=(\w+)/.exec(cookie ?? '')?.[1];
    if (name === undefined) return { ok: false, error: new GatewayError('auth.required'), reason: 'no cookie' };
    return { ok: true, value: identityOf(name, { displayName: options.displayName ?? name }) };
  };
  hub.attach({ servers, identify, shares: () => shares });
  const pages = createPages({
    desk: createDesk({ store, servers, now: () => now }),
    tokens: hub.tokenDesk,
    apiCalls: hub.calls,
    shell,
    assets,
    csrf,
    servers,
    store,
    sessions: createMemorySessions(),
    services: noServices,
    shareCodes: hub.shareCodes,
    shareLinks: hub.shareLinks,
    mayOpen: () => true,
    shares,
    identify,
    clock: { now: () => now },
    log,
    heartbeatMs: 20,
  });
  const root = urls.hub('').slice(0, -1);
  const app = new Hono().route(root, pages);
  const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
  const tokenOf = (path: string, account = 'alice'): string =>
    csrfToken(identityOf(account), formAction('POST', urls.hub(path.slice(1))));
  return {
    app,
    shell,
    servers,
    store,
    csrfToken: tokenOf,
    get: async (path, { account = 'alice', headers = {} } = {}) =>
      app.request(urls.origin + root + path, { headers: { ...navigation, cookie: `as=${account}`, ...headers } }),
    post: async (path, fields, headers = {}) =>
      app.request(urls.origin + root + path, {
        method: 'POST',
        headers: {
          ...navigation,
          cookie: 'as=alice',
          origin: urls.origin,
          'sec-fetch-site': 'same-origin',
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        body: new URLSearchParams({ _csrf: tokenOf(path), ...fields }).toString(),
      }),
  };
}
