import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createApiWorld } from '../helpers/apiWorld.ts';
import type { ApiWorld } from '../helpers/apiWorld.ts';
import { openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';
import { describeWith, schemathesisBin } from '../helpers/requires.ts';

/** More examples for a longer look: `CYLC_GATEWAY_TEST_EXAMPLES=200`. */
const examples = process.env['CYLC_GATEWAY_TEST_EXAMPLES'] ?? '10';

/** What it may expect beside the document. */
const config = join(import.meta.dirname, '../contract/schemathesis.toml');

const scopes = ['admin:users', 'admin:servers', 'admin:groups', 'admin:services', 'tokens', 'proxy', 'shutdown'];
const moreScopes = ['read:hub', 'read:roles', 'access:servers', 'access:services', 'shares', 'self'];

/** The front door answers TRACE by 400 before the API could say 405: the methods are asked for without it. */
const exceptMethods = ['--exclude-checks', 'unsupported_method'];
const methodsAlone = ['--phases', 'coverage', '--checks', 'unsupported_method'];

/** Through the front door, as clients come. With the fast path a connection begins there, and Node's reader takes it over. */
describeWith(['schemathesis'], 'schemathesis, from the OpenAPI document', () => {
  let world: ApiWorld;
  let doors: HopWorld[];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cgw-st-'));
    world = await createApiWorld({
      people: ['alice', 'bob', 'erin'],
      groups: { wx: ['bob'] },
      services: [{ name: 'boot', admin: true, scopes: [...scopes, ...moreScopes] }],
      patienceS: 0.2,
    });
    const app = getRequestListener(new Hono({ strict: false }).route('/hub/api', world.hub.app).fetch);
    const open = (lane: boolean) => openHopWorld({ config: { lane }, app: (req, res) => void app(req, res) });
    doors = await Promise.all([true, false].map(open));
  });
  afterAll(async () => {
    await Promise.all((doors ?? []).map((door) => door.close()));
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ordinary = async (): Promise<string> => {
    const headers = { authorization: `token ${world.service('boot')}` };
    const answer = await fetch(`${world.origin}/hub/api/users/alice/tokens`, { method: 'POST', headers });
    return ((await answer.json()) as { token: string }).token;
  };

  const allPhases = ['--phases', 'coverage,fuzzing,stateful'];
  const service = () => Promise.resolve(world.service('boot'));
  test.each([
    ['an ordinary user by the fast path', ordinary, () => doors[0]!.port, [...allPhases, ...exceptMethods]],
    ["an admin by Node's way", service, () => doors[1]!.port, [...allPhases, ...exceptMethods]],
    ['an admin without the front door', service, () => Number(new URL(world.origin).port), methodsAlone],
  ] as const)(
    'as %s finds no 5xx, no undocumented status or answer, and no bad input taken',
    async (_, token, port, more) => {
      const api = `http://localhost:${port()}/hub/api`;
      const { code, output } = await run([
        '--config-file',
        config,
        'run',
        `${api}/openapi.json`,
        '--url',
        api,
        '--header',
        `Authorization: token ${await token()}`,
        '--header',
        'Accept: application/json',
        '--max-examples',
        examples,
        '--seed',
        '8',
        ...more,
        '--continue-on-failure',
        '--suppress-health-check',
        'all',
        '--request-timeout',
        '20',
        '--workers',
        '2',
      ]);
      console.log(/Test cases:\n.*/.exec(output)?.[0]);
      expect(code, output).toBe(0);
      expect(Number(/(\d+) generated/.exec(output)?.[1])).toBeGreaterThan(100);
    },
    600_000,
  );

  const run = (args: string[]) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const env = { ...process.env, NO_COLOR: '1', PYTHONDONTWRITEBYTECODE: '1' };
      execFile(schemathesisBin() ?? '', args, { cwd: folder, env, maxBuffer: 1e8 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
    });
});
