import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';

/** Tokens by the command line, beside a running gateway and while it is down. */
const main = join(import.meta.dirname, '../../dist/src/main.js');
let gateway: GatewayProcess;
let owner: string;

beforeAll(async () => {
  gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
  owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
});
afterAll(() => gateway.end());

function token(words: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'token', ...words, '--data', gateway.dataDir], {
    cwd: gateway.dataDir,
    input,
    encoding: 'utf8',
  });
  return { code: status, out: stdout.trim(), err: stderr };
}

async function ask(bearer: string, path = '/user'): Promise<number> {
  const headers = { authorization: `token ${bearer}` };
  return (await fetch(`${gateway.origin}/hub/api${path}`, { headers })).status;
}

describe('beside a running gateway', () => {
  test('a new token is alone on standard output, works at once, and only its hash is kept', async () => {
    const made = token(['create', owner, '--note', 'night run', '--scope', 'read:users!user', '--expires', '12h']);
    expect(made.out).toMatch(/^cgw_[\w-]{43}$/);
    expect(made.err).not.toContain(made.out);
    expect(await ask(made.out)).toBe(200);
    expect(await ask(made.out, `/users/${owner}/tokens`)).toBe(403);
    const kept = readFileSync(join(gateway.dataDir, 'state.json'), 'utf8') + gateway.output();
    expect(kept).not.toContain(made.out);
    const [listed] = JSON.parse(token(['list', '--json', '--owner', owner]).out) as Record<string, unknown>[];
    expect(listed).toMatchObject({ owner, kind: 'user', note: 'night run', scopes: ['read:users!user'] });
    const lifeMs = Date.parse(listed?.['expiresAt'] as string) - Date.parse(listed?.['createdAt'] as string);
    expect(Math.abs(lifeMs - 12 * 3600 * 1000)).toBeLessThan(60_000);
    expect(token(['list']).out).toContain('night run');
    expect(gateway.output()).toContain(`"tokenId":"${listed?.['id'] as string}"`);
    expect(token(['revoke', listed?.['id'] as string]).out).toContain(`of ${owner}`);
    expect(await ask(made.out)).toBe(403);
  });

  test('a token that was found somewhere is revoked by itself, from standard input', async () => {
    const leaked = token(['create', owner]).out;
    expect(await ask(leaked)).toBe(200);
    expect(token(['revoke', '-'], `${leaked}\n`).code).toBe(0);
    expect(await ask(leaked)).toBe(403);
    expect(token(['revoke', '-'], leaked)).toMatchObject({ code: 66 });
  });

  test.each([
    ['an unknown account', ['create', 'no-such-person'], 65, 'no account here'],
    ['an unknown scope', ['create', 'OWNER', '--scope', 'do:all'], 65, 'do:all: there is no scope of that name'],
    ['a lifetime without unit', ['create', 'OWNER', '--expires', '30'], 64, '30d'],
    ['an unknown id', ['revoke', 'nothing'], 66, 'There is no such token'],
  ])('refused in words: %s', (_, words, code, text) => {
    const end = token(words.map((word) => word.replace('OWNER', owner)));
    expect(end.code).toBe(code);
    expect(end.err).toContain(text);
    expect(end.out).toBe('');
  });
});

test('while the gateway is down it is written down, and good at the next start', async () => {
  const { dataDir } = gateway;
  await gateway.end();
  const made = token(['create', owner, '--note', 'made offline']).out;
  expect(made).toMatch(/^cgw_/);
  gateway = await startGateway({ dataDir, env: { PATH: '/usr/bin:/bin' } });
  expect(await ask(made)).toBe(200);
});
