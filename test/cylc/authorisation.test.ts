import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { levelAt, openServer, startCylcSite, startServer, stopServer, writeOwnConfig } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylc17Bin, cylcBin, describeWith } from '../helpers/requires.ts';

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
      const [owner] = site.people;
      if (owner !== undefined)
        await writeOwnConfig(
          owner,
          `c.CylcUIServer.user_authorization = {"${at(1)}": ["READ", "CONTROL"], "${at(2)}": ["READ", "CONTROL"], "${at(4)}": ["ALL"]}
c.ServerApp.authorizer_class = "jupyter_server.auth.authorizer.AllowAllAuthorizer"\n`,
        );
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
      const files = await visitor.get(`/user/${at(0)}/api/contents`, { headers: { accept: '*/*' } });
      expect(files.status, 'Jupyter’s files, whatever authoriser the owner’s configuration names').toBe(403);
    });

    test('a share stays within the site’s limits', async () => {
      const owner = await site.signIn(at(0));
      const fields = { 'option.kind': 'user', 'option.grantee': at(4), 'option.level': 'control' };
      await owner.submit(await owner.get(`/hub/share/${at(0)}`), fields, /\/share\//);
      const visitor = await site.signIn(at(4));
      await openServer(visitor, at(0));
      expect(await levelAt(visitor, at(0))).toBe('nothing');
    });

    test('they may not start it, unless the site says so', async () => {
      await stopServer(await site.signIn(at(0)), at(0));
      expect((await (await site.signIn(at(1))).get(`/hub/spawn/${at(0)}`)).status).toBe(403);
    });
  });
});
