import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql, startCylcSite, startServer } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylcBin, describeWith, idleCullerBin } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

/** JupyterHub's culler, unmodified, as a service with no more than the scopes that it asks for. */
describeWith(['cylc', 'root', 'idleCuller'], 'jupyterhub-idle-culler 2.0', () => {
  let site: CylcSite;
  const at = (index: number): string => site.people[index]?.name as string;

  beforeAll(async () => {
    const culler = {
      name: 'idle-culler',
      command: [idleCullerBin(), '--timeout=6', '--cull-every=1'],
      user: 'nobody',
      scopes: ['list:users', 'read:users:activity', 'read:servers', 'delete:servers'],
    };
    site = await startCylcSite({
      cylc: cylcBin() as string,
      people: 2,
      env: { CYLC_GATEWAY_SERVICES: JSON.stringify([culler]) },
    });
  });
  afterAll(() => site.close());

  test('stops the server that nobody uses, and leaves the other', async () => {
    const [alice, bob] = [await site.signIn(at(0)), await site.signIn(at(1))];
    await startServer(alice, at(0));
    await startServer(bob, at(1));
    await until(
      async () => {
        await graphql(bob, at(1), 'query { workflows { id } }');
        return (await alice.get('/hub/home')).body.includes('Stopped');
      },
      40_000,
      () => site.gateway.output(),
    );
    expect((await graphql(bob, at(1), 'query { workflows { id } }')).status).toBe(200);
    const log = await readFile(join(site.gateway.dataDir, 'logs/service+idle-culler.log'), 'utf8');
    expect(log).toMatch(new RegExp(`Culling server ${at(0)}`));
    expect(log).not.toMatch(new RegExp(`Culling server ${at(1)}`));
  });
});
