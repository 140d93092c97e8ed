import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { canaillePython, describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Another make of provider, in another language: Canaille, with RS256, its own login page, and groups in userinfo. */
describeWith(['root', 'canaille'], 'sign-in with Canaille', () => {
  let provider: ChildProcess;
  let gateway: GatewayProcess;
  let account: SystemAccount;
  let issuer: string;

  beforeAll(async () => {
    account = makeSystemAccount();
    const port = await freePort();
    const script = join(import.meta.dirname, '../helpers/canaille_server.py');
    const args = [script, `http://localhost:${port}/hub/oauth_callback`, account.name];
    provider = spawn(canaillePython() ?? 'python3', args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const [line] = (await once(createInterface({ input: provider.stdout! }), 'line')) as [string];
    issuer = line;
    const dataDir = dataFolder('canaille');
    const config = join(dataDir, 'gateway.yaml');
    await writeFile(config, configuration(issuer));
    gateway = await startGateway({ dataDir, port, args: ['--config', config], env: { PATH: '/usr/bin:/bin' } });
  });
  afterAll(async () => {
    await gateway.end();
    const gone = once(provider, 'exit');
    provider.kill();
    await gone;
    account.remove();
  });

  /** By its own two pages, one for the name and one for the password. */
  async function signIn(visitor: Visitor, password: string) {
    const name = await visitor.get('/hub/login?next=/hub/sessions');
    const secret = await visitor.submit(name, { login: account.name });
    return visitor.submit(secret, { password });
  }

  test('its login page leads to the page that one wanted, with the account and the groups it names', async () => {
    const visitor = new Visitor(gateway.origin);
    const page = await signIn(visitor, 'right horse');
    expect([page.status, page.url]).toEqual([200, `${gateway.origin}/hub/sessions`]);
    expect(page.body).toContain(account.name);
    // An admin by a group that Canaille alone knows.
    expect((await visitor.get('/hub/sessions?all')).status).toBe(200);
  });

  test('a wrong password there signs nobody in here', async () => {
    const visitor = new Visitor(gateway.origin);
    const page = await signIn(visitor, 'wrong horse');
    expect(new URL(page.url).origin).toBe(issuer);
    expect((await visitor.get('/hub/home', { follow: false })).status).toBe(302);
  });

  test('signed out here, its own logout is offered', async () => {
    const visitor = new Visitor(gateway.origin);
    await signIn(visitor, 'right horse');
    expect((await visitor.post('/hub/logout')).body).toContain(`${issuer}/oauth/end_session`);
  });
});

function configuration(issuer: string): string {
  return `
identity:
  oidc:
    issuer: ${issuer}
    dangerouslyAllowHttp: true
    clientId: gateway
    clientSecret: the-secret-of-the-tests
    scope: openid profile email groups
    title: Canaille
    userInfo: true
    account: [{ claim: email, pattern: '([\\w-]+)@example\\.org' }]
    groups: { claim: groups }
access:
  adminGroups: [claim:ops]
`;
}
