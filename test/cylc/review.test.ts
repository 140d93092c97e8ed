import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAs, startCylcSite, startServer, writeAs } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

const flow = `
[scheduling]
    [[graph]]
        R1 = rain
[runtime]
    [[rain]]
        script = echo "it rained $((6 * 7)) mm"
`;

/** The real Cylc Review shows the log of a real workflow: one for the site, and one of a person's own. */
describeWith(['cylc', 'root'], 'Cylc Review behind the gateway', () => {
  let site: CylcSite;
  const at = (index: number): string => site.people[index]?.name as string;
  const log = (): string => `view?user=${at(0)}&suite=tiny%2Frun1&path=log%2Fjob%2F1%2Frain%2F01%2Fjob.out`;

  beforeAll(async () => {
    const cylc = cylcBin() as string;
    site = await startCylcSite({
      cylc,
      people: 2,
      env: {
        CYLC_GATEWAY_SERVICES: JSON.stringify([
          { name: 'cylc-review', title: 'Cylc Review', kind: 'cylc-review', user: '$0', groups: ['system:$0x'] },
          { name: 'own-review', title: 'Own Cylc Review', kind: 'cylc-review', start: 'server' },
        ]),
      },
    });
    const [alice] = site.people;
    if (alice === undefined) throw new Error('nobody is here');
    await appendFile(join(alice.home, '.profile'), `PATH=${join(cylc, '..')}:$PATH\n`);
    await writeAs(alice, 'cylc-src/tiny/flow.cylc', flow);
    runAs(alice, ['cylc', 'vip', '--no-detach', 'tiny'], cylc);
  });
  afterAll(() => site.close());

  test('shows the log of a job to who may open it', async () => {
    const alice = await site.signIn(at(0));
    const page = await until(
      async () => {
        const answer = await alice.get(`/services/cylc-review/${log()}`);
        return answer.status === 200 ? answer : undefined;
      },
      60_000,
      () => site.gateway.output(),
    );
    expect(page.body).toContain('it rained 42 mm');
    expect((await alice.get(`/services/cylc-review/taskjobs?user=${at(0)}&suite=tiny%2Frun1`)).body).toContain('rain');
    expect((await alice.get('/hub/home')).body).toContain('/services/cylc-review/');
  });

  test('and to nobody else', async () => {
    const bob = await site.signIn(at(1));
    expect((await bob.get('/services/cylc-review/')).status).toBe(403);
    expect((await fetch(`${site.gateway.origin}/services/cylc-review/`)).status).toBe(401);
  });

  test('its address without the slash leads to the one with it', async () => {
    const alice = await site.signIn(at(0));
    expect((await alice.get('/services/cylc-review')).url).toBe(`${site.gateway.origin}/services/cylc-review/`);
  });

  test('one of one’s own runs beside the server, and shows one’s own logs', async () => {
    const alice = await site.signIn(at(0));
    await startServer(alice, at(0), { 'option.with-own-review': 'on' });
    const page = await until(async () => {
      const answer = await alice.get(`/user/${at(0)}/own-review/${log()}`);
      return answer.body.includes('it rained') ? answer : undefined;
    }, 20_000);
    expect(page.body).toContain('it rained 42 mm');
    expect((await (await site.signIn(at(1))).get(`/user/${at(0)}/own-review/`)).status).toBe(403);
  });
});
