import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCylcSite, writeAs } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

/** Plain Jupyter, which knows nothing of Cylc, started by a site's wrapper script in the place of `cylc`. */
describeWith(['cylc', 'root'], 'jupyterhub-singleuser', () => {
  let site: CylcSite;
  let folder: string;
  const at = (index: number): string => site.people[index]?.name as string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wrapper-'));
    await chmod(folder, 0o755);
    const wrapper = join(folder, 'cylc');
    const program = join(dirname(cylcBin() as string), 'jupyterhub-singleuser');
    const url = 'JUPYTERHUB_SERVICE_URL="http://127.0.0.1:8888$JUPYTERHUB_SERVICE_PREFIX"';
    await writeFile(wrapper, `#!/bin/sh\nshift\nexport ${url}\nexec ${program} "$@"\n`, { mode: 0o755 });
    site = await startCylcSite({ cylc: wrapper, people: 2, env: { CYLC_GATEWAY_ACCESS__POLICY: 'everyone' } });
  });
  afterAll(async () => {
    await site.close();
    await rm(folder, { recursive: true });
  });

  test('is started, signs its owner in, and serves them', async () => {
    const [alice, owner] = [await site.signIn(at(0)), site.people[0]];
    if (owner !== undefined) await writeAs(owner, 'hello.txt', 'my own file');
    await alice.submit(await alice.get('/hub/spawn'), {}, /spawn/);
    await until(
      async () => (await alice.get(`/user/${at(0)}/files/hello.txt`)).body === 'my own file',
      60_000,
      () => readFileSync(join(site.gateway.dataDir, `logs/${at(0)}+.log`), 'utf8').slice(-3000),
    );
    expect(JSON.parse((await alice.get(`/user/${at(0)}/api/me`)).body)).toMatchObject({
      identity: { username: at(0) },
    });
  });

  test('knows a visitor by name, and gives them no files', async () => {
    const bob = await site.signIn(at(1));
    const question = await bob.get(`/user/${at(0)}/files/hello.txt`);
    expect((await bob.submit(question, {}, /authorize/)).status).toBe(403);
    expect(JSON.parse((await bob.get(`/user/${at(0)}/api/me`)).body)).toMatchObject({ identity: { username: at(1) } });
    expect((await bob.get(`/user/${at(0)}/api/contents`)).status).toBe(403);
  });
});
