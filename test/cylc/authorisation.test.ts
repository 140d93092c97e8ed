import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  levelAt,
  openServer,
  socketLevelAt,
  startCylcSite,
  startServer,
  stopServer,
  graphql,
  handshake,
  scripted,
  writeAs,
} from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylc17Bin, cylcBin, describeWith } from '../helpers/requires.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';
import type { Visitor } from '../helpers/visitor.ts';

/** What each visitor may do is Cylc's to say, by the site's and the owner's own configuration. */
describe.each([
  ['1.10', 'cylc', cylcBin],
  ['1.7.1', 'cylc17', cylc17Bin],
] as const)('cylc-uiserver %s', (_, part, bin) => {
  describeWith([part, 'root'], 'the policy `everyone`: Cylc alone decides', () => {
    let site: CylcSite;
    const at = (index: number): string => site.people[index]?.name as string;

    beforeAll(async () => {
      site = await startCylcSite({
        cylc: bin() as string,
        people: 5,
        // Limits of the site: 1 may be given anything, 2 may be given READ, 3 has READ by default, 4 nothing.
        siteConfig: `c.CylcUIServer.site_authorization = {"*": {
        "$1": {"limit": ["ALL"]}, "$2": {"limit": ["READ"]}, "$3": {"default": ["READ"], "limit": ["READ"]}}}`,
        env: { CYLC_GATEWAY_ACCESS__POLICY: 'everyone' },
      });
      await giveAway(site.people[0]!, {
        [at(1)]: ['READ', 'CONTROL'],
        [at(2)]: ['READ', 'CONTROL'],
        [at(4)]: ['ALL'],
      });
      await startServer(await site.signIn(at(0)), at(0));
    });
    afterAll(() => site.close());

    test.each([
      [1, 'control', 'site and owner grant it'],
      [2, 'read', 'the owner grants more than the site allows'],
      [3, 'read', 'the site’s default, where the owner grants nothing'],
      [4, 'nothing', 'the owner grants, the site does not allow'],
    ])('visitor %i: %s (%s)', async (index, level) => {
      const visitor = await site.signIn(at(index));
      expect((await openServer(visitor, at(0))).status).toBe(200);
      expect(await levelAt(visitor, at(0))).toBe(level);
      expect(await socketLevelAt(visitor, at(0))).toBe(level === 'nothing' ? 'nothing' : 'look');
      for (const path of ['api/contents', 'api/terminals', 'api/kernels', 'api/sessions', 'files/secret.txt'])
        expect((await visitor.get(`/user/${at(0)}/${path}`, { headers: { accept: '*/*' } })).status, path).toBe(403);
    });

    test('a terminal is its owner’s alone, by WebSocket too', async () => {
      const [owner, visitor] = [await site.signIn(at(0)), await site.signIn(at(1))];
      const made = await owner.get(`/user/${at(0)}/api/terminals`, { method: 'POST', headers: scripted(owner) });
      const { name } = JSON.parse(made.body) as { name: string };
      expect(await handshake(owner, `/user/${at(0)}/terminals/websocket/${name}`)).toBe(101);
      expect(await handshake(visitor, `/user/${at(0)}/terminals/websocket/${name}`)).toBe(403);
      const stolen = await visitor.get(`/user/${at(0)}/api/terminals`, { method: 'POST', headers: scripted(visitor) });
      expect(stolen.status).toBe(403);
    });

    test('a share stays within the site’s limits', async () => {
      await share(await site.signIn(at(0)), at(0), { grantee: at(4), level: 'control' });
      const visitor = await site.signIn(at(4));
      await openServer(visitor, at(0));
      expect(await levelAt(visitor, at(0))).toBe('nothing');
    });

    test('they may not start it, unless the site says so', async () => {
      await stopServer(await site.signIn(at(0)), at(0));
      expect((await (await site.signIn(at(1))).get(`/hub/spawn/${at(0)}`)).status).toBe(403);
    });
  });

  describeWith([part, 'root'], 'the policy `owner`: the gateway opens by a share, then Cylc decides', () => {
    let site: CylcSite;
    const at = (index: number): string => site.people[index]?.name as string;

    beforeAll(async () => {
      site = await startCylcSite({
        cylc: bin() as string,
        people: 5,
        siteConfig: `c.CylcUIServer.site_authorization = {"*": {
        "$1": {"limit": ["ALL"]}, "$2": {"limit": ["READ"]}, "$3": {"default": ["READ"], "limit": ["READ"]}}}`,
      });
      const owner = await site.signIn(at(0));
      for (const index of [1, 2, 4]) await share(owner, at(0), { grantee: at(index), level: 'control' });
      await startServer(owner, at(0));
    });
    afterAll(() => site.close());

    test.each([
      [0, 'control', 'the owner'],
      [1, 'control', 'shared to act, the site allows it'],
      [2, 'read', 'shared to act, the site allows a look'],
      [4, 'nothing', 'shared to act, the site allows nothing'],
    ])('person %i: %s (%s)', async (index, level) => {
      const visitor = await site.signIn(at(index));
      expect((await openServer(visitor, at(0))).status).toBe(200);
      expect(await levelAt(visitor, at(0))).toBe(level);
      expect(await socketLevelAt(visitor, at(0))).toBe(level === 'nothing' ? 'nothing' : 'look');
    });

    test('who was given nothing is not let in, whatever the site’s default: neither page, nor query, nor WebSocket', async () => {
      const visitor = await site.signIn(at(3));
      expect((await openServer(visitor, at(0))).status).toBe(403);
      expect((await graphql(visitor, at(0), 'query { workflows { id } }')).status).toBe(403);
      expect(await socketLevelAt(visitor, at(0))).toBe('403');
      expect((await visitor.get(`/hub/spawn/${at(0)}`)).status).toBe(403);
    });

    test('a smaller share reaches the running server', async () => {
      await share(await site.signIn(at(0)), at(0), { grantee: at(1), level: 'read' });
      const visitor = await site.signIn(at(1));
      await until(async () => (await levelAt(visitor, at(0))) === 'read');
    });
  });
});

/** An owner who would let everybody do everything, by each file that Jupyter Server reads. */
async function giveAway(owner: SystemAccount, granted: Record<string, string[]>): Promise<void> {
  const allowAll = 'jupyter_server.auth.authorizer.AllowAllAuthorizer';
  const open = `c.ServerApp.authorizer_class = "${allowAll}"
c.ServerApp.allow_unauthenticated_access = True
c.ServerApp.disable_check_xsrf = True
c.ServerApp.terminals_enabled = True
c.IdentityProvider.token = ""
c.PasswordIdentityProvider.token = ""\n`;
  await writeAs(owner, 'secret.txt', 'for my eyes only');
  await writeAs(
    owner,
    '.cylc/uiserver/jupyter_config.py',
    `c.CylcUIServer.user_authorization = ${JSON.stringify(granted)}\n${open}`,
  );
  await writeAs(owner, '.jupyter/jupyter_server_config.py', open);
  await writeAs(owner, '.jupyter/jupyter_config.json', JSON.stringify({ ServerApp: { authorizer_class: allowAll } }));
}

async function share(owner: Visitor, name: string, fields: Record<string, string>): Promise<void> {
  const posted = Object.entries({ kind: 'user', ...fields }).map(([field, value]) => [`option.${field}`, value]);
  const page = await owner.get(`/hub/share/${name}`);
  const answer = await owner.submit(page, Object.fromEntries(posted) as Record<string, string>, /\/share\//);
  expect(answer.status).toBe(200);
}
