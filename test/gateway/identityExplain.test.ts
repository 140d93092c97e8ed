import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIssuer } from '../helpers/issuer.ts';
import type { Issuer } from '../helpers/issuer.ts';
import { dataFolder } from '../helpers/shortFolder.ts';

/** `cylc-gateway token explain`, as a process: what is told, and what never is. */

const main = join(import.meta.dirname, '../../dist/src/main.js');
let issuer: Issuer;
let folder: string;

beforeAll(async () => {
  issuer = await startIssuer('ES256');
  folder = dataFolder('explain');
  await writeFile(join(folder, 'gateway.yaml'), configuration(issuer.url));
});
afterAll(() => issuer.close());

function explain(input: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const command = [main, 'token', 'explain', '--data', folder, ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}

const claims = {
  aud: 'cylc',
  sub: '0815',
  email: 'no-such-person@example.org',
  secret: 'do not show',
  groups: ['ops'],
};

test('a token: each check, each rule, and why it does not get in; nothing of it that no check looks at', async () => {
  const token = await issuer.sign(claims);
  const { code, text } = await explain(`Bearer ${token}\n`);
  expect(code).toBe(1);
  for (const line of [
    /✓ issuer/,
    /✓ algorithm +ES256; allowed: ES256/,
    /✓ audience +cylc; wanted: cylc/,
    /✓ not expired .* s from now/,
    /✓ all checks together +verified/,
    /· rule 1 \(claim upn\) +no such claim/,
    /✓ rule 2 \(claim email\) +gives the name no-such-person/,
    /✓ groups \(claim groups\) +1/,
    /✗ system account no-such-person +the system has no user of that name/,
    /Does not get in: system account no-such-person\./,
  ])
    expect(text).toMatch(line);
  expect(text).not.toContain('do not show');
  for (const part of token.split('.')) expect(text).not.toContain(part);
});

test.each([
  ['expired', () => issuer.sign({ ...claims, exp: 1_700_000_000 }), /✗ not expired .* s ago/],
  ['for another', () => issuer.sign({ ...claims, aud: ['x'] }), /✗ audience +\["x"\]; wanted: cylc/],
  ['of a stranger', () => issuer.sign({ ...claims, iss: 'https://evil' }), /✗ issuer +https:\/\/evil is none of those/],
  ['encrypted', () => Promise.resolve('a.b.c.d.e'), /✗ a signed token of three parts +it is encrypted/],
  ['no token', () => Promise.resolve('hello'), /✗ a signed token/],
  [
    'changed',
    async () => `${(await issuer.sign(claims)).slice(0, -8)}AAAAAAAA`,
    /ERR_JWS_SIGNATURE_VERIFICATION_FAILED/,
  ],
])('a token that is %s: the check that fails is named', async (_, make, line) => {
  const { code, text } = await explain(await make());
  expect([code, text]).toEqual([1, expect.stringMatching(line)]);
});

test('a set of claims: the rules alone, as JSON too', async () => {
  const { text } = await explain(JSON.stringify({ upn: 'root', groups: 'ops' }), '--claims', '-', '--json');
  expect(JSON.parse(text)).toMatchObject([
    { check: 'rule 1 (claim upn)', outcome: 'yes' },
    { check: 'groups (claim groups)', outcome: 'note', detail: 'claim groups is no list' },
    { check: 'system account root', outcome: 'no', detail: 'uid 0 may not sign in' },
  ]);
});

test('what is no claims, or nobody’s, is told in words', async () => {
  expect(await explain('[]', '--claims', '-')).toMatchObject({ code: 65 });
  expect((await explain('{}', '--claims', '/nowhere')).text).toContain('cannot be read');
});

function configuration(url: string): string {
  return `
identity:
  issuers:
    - issuer: ${url}
      audience: cylc
      algorithms: [ES256]
      cookie: sso
      account: [{ claim: upn }, { claim: email, pattern: '([\\w-]+)@example\\.org' }]
      groups: { claim: groups }
`;
}
