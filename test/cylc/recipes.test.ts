import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgetPermissions } from '../../src/shares/forgetPermissions.ts';
import type { StateData } from '../../src/store/schema.ts';
import { levelAt, scripted, startCylcSite, startServer, stopServer, writeAs } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylc17Bin, cylcBin, describeWith } from '../helpers/requires.ts';
import type { Visitor } from '../helpers/visitor.ts';

/** What sites publish for `cylc gui` and Jupyter: it would stop a server behind the gateway, or open it. */
const recipes = (section: string): string => `
c.${section}.port = 9999
c.${section}.ip = "0.0.0.0"
c.${section}.sock = "/nowhere/else.sock"
c.${section}.sock_mode = "0666"
c.${section}.base_url = "/x/"
c.${section}.certfile = "/etc/ssl/certs/none.pem"
c.${section}.keyfile = "/etc/ssl/private/none.key"
c.${section}.client_ca = "/etc/ssl/none.pem"
c.${section}.ssl_options = {"certfile": "/etc/ssl/certs/none.pem"}
c.${section}.allow_origin = "*"
c.${section}.allow_origin_pat = ".*"
c.${section}.allow_credentials = True
c.${section}.disable_check_xsrf = True
c.${section}.identity_provider_class = "jupyter_server.auth.identity.IdentityProvider"
c.${section}.authorizer_class = "jupyter_server.auth.authorizer.AllowAllAuthorizer"
c.${section}.jpserver_extensions = {"cylc_gateway_grants": False, "jupyterlab": True}
c.${section}.token = "secret"
c.${section}.password = "argon2:none"
c.${section}.password_required = True
c.${section}.allow_remote_access = False
c.${section}.trust_xheaders = False
c.${section}.port_retries = 50
c.${section}.open_browser = True
c.${section}.cookie_secret_file = "/nowhere/secret"
c.${section}.allow_root = True
c.IdentityProvider.token = "secret"
c.PasswordIdentityProvider.hashed_password = "argon2:none"
c.PasswordIdentityProvider.password_required = True
`;

const sections = ['ServerApp', 'SingleUserNotebookApp', 'CylcHubApp'] as const;
const files = ['.cylc/uiserver/jupyter_config.py', '.jupyter/jupyter_server_config.py', '.jupyter/jupyter_config.py'];

for (const [version, cylc, needed] of [
  ['1.10', cylcBin(), 'cylc'],
  ['1.7', cylc17Bin(), 'cylc17'],
] as const)
  describeWith([needed, 'root'], `recipes for cylc gui and Jupyter, cylc-uiserver ${version}`, () => {
    test.each([
      ['warm', { CYLC_GATEWAY_SERVERS__WARM_START: 'true' }],
      ['of its own process', { CYLC_GATEWAY_SERVERS__WARM_START: 'false' }],
      ['at a port', { CYLC_GATEWAY_SERVERS__LISTEN: 'port' }],
    ])('a server that is started %s starts, and is as closed as without them', async (_, env) => {
      const site = await startCylcSite({ cylc: cylc ?? '', people: 1, env });
      try {
        const [owner] = site.people;
        for (const file of files) await writeAs(owner!, file, sections.map(recipes).join(''));
        const visitor = await site.signIn(owner!.name);
        await startServer(visitor, owner!.name);
        expect(await levelAt(visitor, owner!.name)).toBe('control');
        await expectClosed(site, visitor, owner!.name);
        await stopServer(visitor, owner!.name);
      } finally {
        await site.close();
      }
    });
  });

async function expectClosed(site: CylcSite, visitor: Visitor, owner: string): Promise<void> {
  const state = JSON.parse(readFileSync(join(site.gateway.dataDir, 'state.json'), 'utf8')) as StateData;
  const upstream = state.servers[`${owner}/`]?.upstream;
  // Our own extension is loaded.
  expect(upstream && (await forgetPermissions(upstream, `/user/${owner}/`))).toBe(true);
  const body = JSON.stringify({ query: 'query { workflows { id } }' });
  const headers = { ...scripted(visitor), 'x-xsrftoken': '' };
  const path = `/user/${owner}/cylc/graphql`;
  expect((await visitor.get(path, { method: 'POST', follow: false, body, headers })).status).toBe(403);
  const foreign = { origin: 'https://elsewhere.example', accept: '*/*' };
  const answer = await visitor.get(`/user/${owner}/api/me`, { follow: false, headers: foreign });
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
}
