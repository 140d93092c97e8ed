import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { siteLimits } from '../../src/cli/doctor/checks/siteLimits.ts';
import type { Finding, Subject } from '../../src/cli/doctor/types.ts';
import { configSchema } from '../../src/config/schema.ts';
import { levelAt, openServer, startCylcSite, startServer, stopServer, writeAs } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylc17Bin, cylcBin, describeWith } from '../helpers/requires.ts';
import type { Visitor } from '../helpers/visitor.ts';

/** The site lets owners give away READ; the owner shares CONTROL. What the visitor gets where the limits are not known. */
const readOnly = 'c.CylcUIServer.site_authorization = {"*": {"*": {"default": "", "limit": ["READ"]}}}\n';

for (const [version, cylc, needed] of [
  ['1.10', cylcBin(), 'cylc'],
  ['1.7', cylc17Bin(), 'cylc17'],
] as const)
  describeWith([needed, 'root'], `limits of the site, cylc-uiserver ${version}`, () => {
    let site: CylcSite;
    let file: string;
    let [alice, bob]: string[] = [];
    let a: Visitor;
    let b: Visitor;

    beforeAll(async () => {
      site = await startCylcSite({ cylc: cylc ?? '', people: 2, siteConfig: readOnly });
      file = join(site.siteConf, 'uiserver/jupyter_config.py');
      [alice, bob] = site.people.map(({ name }) => name);
      a = await site.signIn(alice as string);
      b = await site.signIn(bob as string);
      const fields = { kind: 'user', grantee: bob as string, level: 'control' };
      const posted = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`option.${name}`, value]));
      await a.submit(await a.get(`/hub/share/${alice}`), posted, /\/share\//);
    });
    afterEach(() => stopServer(a, alice as string));
    afterAll(() => site.close());

    /** What Cylc lets bob do at a server that was started now. */
    async function levelNow(): Promise<string> {
      await startServer(a, alice as string);
      await openServer(b, alice as string);
      const level = await levelAt(b, alice as string);
      expect(await levelAt(a, alice as string)).toBe('control');
      return level;
    }

    async function noticeAtHome(): Promise<boolean> {
      return (await a.get('/hub/home')).body.includes('Nobody but you has access to this server');
    }

    /** What the doctor says, run by root. */
    function doctor(): Promise<Finding[]> | Finding[] {
      const servers = { cylc, environment: { CYLC_SITE_CONF_PATH: site.siteConf } };
      const config = configSchema.parse({ dataDir: site.gateway.dataDir, servers });
      const subject = { config, uid: 0, searchPath: '' } as Subject;
      return siteLimits.look(subject, AbortSignal.timeout(100_000));
    }

    test('limits that are known hold, and nobody is told anything', async () => {
      expect(await levelNow()).toBe('read');
      expect(await noticeAtHome()).toBe(false);
      expect(await doctor()).toMatchObject([{ outcome: 'ok' }]);
    });

    test.each([
      ['that may not be read', () => chmodSync(file, 0o600)],
      ['with a fault of syntax', () => writeFileSync(file, `${readOnly}if`)],
      ['with a fault as it runs', () => writeFileSync(file, `${readOnly}import no_such_module\n`)],
      ['in a folder that is closed', () => chmodSync(site.siteConf, 0o700)],
      ['that leads nowhere', () => (rmSync(file), symlinkSync('/nowhere/jupyter_config.py', file))],
      ['that is gone, though its folder is named', () => rmSync(file)],
    ])('a file %s gives nobody anything, and owner and administrator are told', async (_, spoil) => {
      spoil();
      try {
        await writeAs(site.people[0]!, '.cylc/uiserver/jupyter_config.py', readOnly.replace('READ', 'ALL'));
        expect(await levelNow()).toBe('nothing');
        expect(await noticeAtHome()).toBe(true);
        expect(site.gateway.output()).toContain('the limits that the site sets for Cylc are not known');
        expect(await doctor()).toMatchObject([{ outcome: 'fault', why: expect.stringContaining(site.siteConf) }]);
      } finally {
        chmodSync(site.siteConf, 0o755);
        rmSync(file, { force: true });
        writeFileSync(file, readOnly);
      }
    });

    test('a file of the site that sets no limits gives nobody anything, as Cylc documents it', async () => {
      rmSync(join(site.people[0]!.home, '.cylc/uiserver/jupyter_config.py'), { force: true });
      writeFileSync(file, 'c.CylcUIServer.scan_interval = 6\n');
      expect(await levelNow()).toBe('nothing');
    });

    test('limits that are added to what nobody has set hold too', async () => {
      writeFileSync(
        file,
        readOnly.replace('site_authorization = ', 'site_authorization.update(').replace(/\n$/, ')\n'),
      );
      expect(await levelNow()).toBe('read');
    });
  });
