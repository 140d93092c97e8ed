import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiWorld } from '../helpers/apiWorld.ts';
import type { ApiWorld } from '../helpers/apiWorld.ts';
import { describeWith, schemathesisBin } from '../helpers/requires.ts';

/** More examples for a longer look: `CYLC_GATEWAY_TEST_EXAMPLES=200`. */
const examples = process.env['CYLC_GATEWAY_TEST_EXAMPLES'] ?? '10';

/** What it may expect beside the document. */
const config = join(import.meta.dirname, '../contract/schemathesis.toml');

const scopes = ['admin:users', 'admin:servers', 'admin:groups', 'admin:services', 'tokens', 'proxy', 'shutdown'];
const moreScopes = ['read:hub', 'read:roles', 'access:servers', 'access:services', 'shares', 'self'];

describeWith(['schemathesis'], 'schemathesis, from the OpenAPI document', () => {
  let world: ApiWorld;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cgw-st-'));
    world = await createApiWorld({
      people: ['alice', 'bob', 'erin'],
      groups: { wx: ['bob'] },
      services: [{ name: 'boot', admin: true, scopes: [...scopes, ...moreScopes] }],
      patienceS: 0.2,
    });
  });
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ordinary = async (): Promise<string> => {
    const headers = { authorization: `token ${world.service('boot')}` };
    const answer = await fetch(`${world.origin}/hub/api/users/alice/tokens`, { method: 'POST', headers });
    return ((await answer.json()) as { token: string }).token;
  };

  test.each([
    ['an ordinary user', ordinary],
    ['an admin', () => Promise.resolve(world.service('boot'))],
  ])(
    'as %s finds no 5xx, no undocumented status or answer, and no bad input taken',
    async (_, token) => {
      const { code, output } = await run([
        '--config-file',
        config,
        'run',
        `${world.origin}/hub/api/openapi.json`,
        '--url',
        `${world.origin}/hub/api`,
        '--header',
        `Authorization: token ${await token()}`,
        '--max-examples',
        examples,
        '--seed',
        '8',
        '--phases',
        'coverage,fuzzing,stateful',
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
      expect(Number(/(\d+) generated/.exec(output)?.[1])).toBeGreaterThan(500);
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
