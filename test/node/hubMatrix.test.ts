import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../src/hub/api/route.ts';
import { createApiWorld } from '../helpers/apiWorld.ts';
import type { ApiWorld } from '../helpers/apiWorld.ts';

/**
 * Who may call what, written down anew: a route that is not here fails, so a new one is decided upon.
 * `open`: anybody. `caller`: any live credential. `own`: about oneself, or an admin. `admin`: admins. `server`: a UI server
 * with its own token. `never`: nobody.
 */
const rules: Readonly<Record<string, Rule>> = {
  'get /': 'open',
  'get /info': 'admin',
  'post /shutdown': 'admin',
  'get /cylc/keys': 'open',
  'get /services': 'admin',
  'get /services/{name}': 'admin',
  'post /services/{name}': 'admin',
  'delete /services/{name}': 'admin',
  'get /user': 'caller',
  'get /users': 'admin',
  'post /users': 'admin',
  'get /users/{name}': 'own',
  'post /users/{name}': 'admin',
  'patch /users/{name}': 'admin',
  'delete /users/{name}': 'admin',
  'post /users/{name}/activity': 'own',
  'get /users/{name}/server': 'own',
  'put /users/{name}/server': 'own',
  'post /users/{name}/server': 'own',
  'patch /users/{name}/server': 'own',
  'delete /users/{name}/server': 'own',
  'get /users/{name}/servers/{server_name}': 'own',
  'put /users/{name}/servers/{server_name}': 'own',
  'post /users/{name}/servers/{server_name}': 'own',
  'patch /users/{name}/servers/{server_name}': 'own',
  'delete /users/{name}/servers/{server_name}': 'own',
  'get /users/{name}/server/progress': 'own',
  'get /users/{name}/servers/{server_name}/progress': 'own',
  'get /users/{name}/server/log': 'own',
  'get /users/{name}/servers/{server_name}/log': 'own',
  'get /users/{name}/tokens': 'own',
  'post /users/{name}/tokens': 'own',
  'get /users/{name}/tokens/{token_id}': 'own',
  'delete /users/{name}/tokens/{token_id}': 'own',
  'get /groups': 'admin',
  'post /groups': 'admin',
  'get /groups/{name}': 'admin',
  'post /groups/{name}': 'admin',
  'delete /groups/{name}': 'admin',
  'post /groups/{name}/users': 'admin',
  'delete /groups/{name}/users': 'admin',
  'put /groups/{name}/properties': 'admin',
  'get /proxy': 'admin',
  'post /proxy': 'admin',
  'patch /proxy': 'admin',
  'get /cylc/grants/{visitor}': 'server',
  'put /cylc/notice': 'server',
  'get /shares/{name}': 'own',
  'get /shares/{name}/{server_name}': 'own',
  'post /shares/{name}/{server_name}': 'own',
  'patch /shares/{name}/{server_name}': 'own',
  'delete /shares/{name}/{server_name}': 'own',
  'get /share-codes/{name}': 'own',
  'get /share-codes/{name}/{server_name}': 'own',
  'post /share-codes/{name}/{server_name}': 'own',
  'delete /share-codes/{name}/{server_name}': 'own',
  'get /users/{name}/visits': 'own',
  'get /audit': 'admin',
  'get /users/{name}/shared': 'own',
  'get /users/{name}/shared/{owner}/{server_name}': 'own',
  'delete /users/{name}/shared/{owner}/{server_name}': 'own',
  'get /groups/{name}/shared': 'admin',
  'get /groups/{name}/shared/{owner}/{server_name}': 'admin',
  'delete /groups/{name}/shared/{owner}/{server_name}': 'admin',
  'post /users/{name}/admin-access': 'never',
  'post /authorizations/token': 'never',
  'get /authorizations/token/{token}': 'never',
  'get /authorizations/cookie/{cookie_name}/{cookie_value}': 'never',
  'get /authorizations/cookie/{cookie_name}': 'never',
};
type Rule = 'open' | 'caller' | 'own' | 'admin' | 'server' | 'never';

/** Callers; `alice-bare` and `alice-visit` are tokens of alice that may do nothing here. */
const roles = ['nobody', 'junk', 'revoked', 'alice', 'alice-bare', 'alice-visit', 'root1', 'idle'] as const;
type Role = (typeof roles)[number];
/** Whom a path with a name is about. */
const targets = ['alice', 'bob', 'nobody-known'] as const;

let world: ApiWorld;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  const services = [
    { name: 'boot', admin: true, scopes: ['tokens', 'admin:users', 'admin:servers', 'access:servers', 'shares'] },
    { name: 'idle', scopes: [] },
  ];
  world = await createApiWorld({
    people: ['root1', 'alice', 'bob'],
    admins: ['root1'],
    groups: { wx: ['bob'] },
    services,
  });
  tokens.set('junk', 'cgw_junk').set('idle', world.service('idle'));
  const boot = world.service('boot');
  tokens.set('root1', (await make(boot, 'root1')).token);
  tokens.set('alice', (await make(boot, 'alice')).token);
  tokens.set('alice-bare', (await make(boot, 'alice', [])).token);
  tokens.set('alice-visit', (await make(boot, 'alice', ['access:servers!user'])).token);
  const revoked = await make(boot, 'alice');
  tokens.set('revoked', revoked.token);
  await ask(boot, 'DELETE', `/users/alice/tokens/${revoked.id}`);
});
afterAll(() => world.close());

function ask(token: string | undefined, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${world.origin}/hub/api${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `token ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function make(by: string, owner: string, scopes?: string[]): Promise<{ token: string; id: string }> {
  const answer = await ask(by, 'POST', `/users/${owner}/tokens`, scopes === undefined ? undefined : { scopes });
  return (await answer.json()) as { token: string; id: string };
}

function pathFor({ path }: Route, target: string): string {
  return path
    .replace('{name}', target)
    .replace('{server_name}', 'one')
    .replaceAll(/\{\w+\}/g, 'x');
}

function isAllowed(rule: Rule, role: Role, target: string | undefined): boolean {
  if (rule === 'open') return true;
  if (['nobody', 'junk', 'revoked'].includes(role) || rule === 'never' || rule === 'server') return false;
  if (rule === 'caller' || role === 'root1') return true;
  return rule === 'own' && role === 'alice' && (target === undefined || target === 'alice');
}

/** What the store holds, but for when tokens were last used. */
function snapshot(): string {
  const { admin, state } = world.store;
  return JSON.stringify([admin.data, state.data], (key, value: unknown) => (key === 'lastUsedAt' ? null : value));
}

describe('every route × every caller × every target', () => {
  test('each route has a rule', () => {
    const unruled = world.hub.routes.filter(({ method, path }) => !Object.hasOwn(rules, `${method} ${path}`));
    expect(unruled.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test('what no rule allows is refused, says nothing and changes nothing; what one allows to read is let in', async () => {
    const before = snapshot();
    const faults: string[] = [];
    let denied = 0;
    let allowed = 0;
    for (const route of world.hub.routes)
      for (const role of roles)
        for (const target of route.path.includes('{name}') ? targets : [undefined]) {
          const rule = rules[`${route.method} ${route.path}`] ?? 'never';
          const may = isAllowed(rule, role, target);
          if (may && route.method !== 'get') continue;
          const answer = await ask(tokens.get(role), route.method.toUpperCase(), pathFor(route, target ?? 'x'));
          const text = await answer.text();
          const refused = answer.status === 403 || answer.status === 404;
          const byScope = /Missing or invalid credentials|not authorized|No access to resources/.test(text);
          // A token may always read the name of its owner, as in JupyterHub.
          const ownName = role.startsWith('alice-') && target === 'alice' && route.path === '/users/{name}';
          if (may) allowed += 1;
          else denied += 1;
          if (may ? byScope || answer.status >= 500 : !refused && !ownName)
            faults.push(`${role} ${route.method} ${route.path} of ${target}: ${answer.status} ${text.slice(0, 80)}`);
        }
    expect(faults).toEqual([]);
    expect(snapshot()).toBe(before);
    console.log(`${denied} refused, ${allowed} let in`);
  });
});
