import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { createFixedKeys } from '../../../src/identity/jwks.ts';
import { createRemoteKeys } from '../../../src/identity/remoteKeys.ts';
import { createVerifier } from '../../../src/identity/verify.ts';

const nowS = 1_800_000_000;
const good: JWTPayload = { iss: 'https://idp.example', aud: 'us', sub: 'alice', exp: nowS + 600, iat: nowS };

async function setUp() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
  const clock = { at: nowS * 1000, now: () => clock.at };
  const keys = createFixedKeys({ keys: [jwk] });
  const issuer = { issuer: 'https://idp.example', audience: ['us'], algorithms: ['ES256'] as const, keys };
  const verifier = createVerifier({ issuers: [issuer], clock });
  const sign = (claims: JWTPayload, header = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign(privateKey);
  return { clock, jwk, sign, verifier, issuer };
}

test('a good token is verified, and from then on answered at once', async () => {
  const { sign, verifier } = await setUp();
  const token = await sign(good);
  expect(await verifier.verify(token)).toMatchObject({
    ok: true,
    value: { subject: 'alice', expiresAt: (nowS + 630) * 1000 },
  });
  expect(verifier.verify(token)).not.toBeInstanceOf(Promise);
});

test('a cached token is refused once it has expired', async () => {
  const { clock, sign, verifier } = await setUp();
  const token = await sign(good);
  await verifier.verify(token);
  clock.at += 700_000;
  expect(await verifier.verify(token)).toMatchObject({ ok: false, error: { code: 'auth.expired' } });
});

const faults: [string, Record<string, unknown>, object?][] = [
  ['expired', { ...good, exp: nowS - 31 }],
  ['exp missing', { ...good, exp: undefined }],
  ['exp a string', { ...good, exp: '1e9' }],
  ['exp beyond all times', { ...good, exp: 1e308 }],
  ['not yet', { ...good, nbf: nowS + 31 }],
  ['made in the future', { ...good, iat: nowS + 31 }],
  ['another issuer', { ...good, iss: 'https://idp.example/' }],
  ['issuer a list', { ...good, iss: ['https://idp.example'] }],
  ['another audience', { ...good, aud: 'them' }],
  ['audience missing', { ...good, aud: undefined }],
  ['subject missing', { ...good, sub: undefined }],
  ['subject empty', { ...good, sub: '' }],
  ['subject a number', { ...good, sub: 7 }],
  ['subject with a newline', { ...good, sub: 'alice\nroot' }],
  ['subject with NUL', { ...good, sub: 'alice\0' }],
  ['subject endless', { ...good, sub: 'a'.repeat(256) }],
  ['kid unknown', good, { kid: '../k1' }],
  ['critical extension', good, { crit: ['b64'], b64: true }],
];

test.each(faults)('%s: refused', async (_title, claims, header) => {
  const { sign, verifier } = await setUp();
  const verified = await verifier.verify(await sign(claims, header));
  expect(verified.ok).toBe(false);
  expect(verified).toMatchObject({ error: { status: 401 } });
});

test('no signature, a shared secret, another key, an altered payload and other shapes are refused', async () => {
  const { sign, verifier, jwk } = await setUp();
  const token = await sign(good);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const other = Buffer.from(JSON.stringify({ ...good, sub: 'root' })).toString('base64url');
  const secret = new TextEncoder().encode(JSON.stringify(jwk));
  const shapes = [
    new UnsecuredJWT(good).encode(),
    await new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret),
    `${header}.${other}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${token}.x.y`,
    `${token} `,
    `${header}.${payload}.${'A'.repeat(86)}`,
    'a'.repeat(9000),
    '',
  ];
  for (const shape of shapes) expect((await verifier.verify(shape)).ok, shape.slice(0, 40)).toBe(false);
});

test('unknown kids cause one fetch in the cool-down, a new key is found after it, and keys outlive their issuer', async () => {
  const { clock, jwk, sign, issuer } = await setUp();
  let answer = (): Response => Response.json({ keys: [{ ...jwk, kid: 'k0' }] });
  let fetches = 0;
  const keys = createRemoteKeys({
    url: 'https://idp.example/jwks',
    clock,
    fetch: async () => {
      fetches += 1;
      return answer();
    },
  });
  const verifier = createVerifier({ issuers: [{ ...issuer, keys }], clock });
  const token = await sign(good);
  for (let i = 0; i < 20; i += 1) expect((await verifier.verify(token)).ok).toBe(false);
  expect(fetches).toBe(1);
  answer = () => Response.json({ keys: [jwk] });
  clock.at += 30_001;
  expect((await verifier.verify(token)).ok).toBe(true);
  answer = () => new Response('down', { status: 503 });
  clock.at += 61_000;
  expect((await verifier.verify(token)).ok).toBe(true);
  expect(fetches).toBe(2);
});

test('an issuer that cannot be reached at all: unavailable, not invalid', async () => {
  const { clock, sign, issuer } = await setUp();
  const keys = createRemoteKeys({
    url: 'https://idp.example/jwks',
    clock,
    fetch: () => Promise.reject(new Error('down')),
  });
  const verifier = createVerifier({ issuers: [{ ...issuer, keys }], clock });
  expect(await verifier.verify(await sign(good))).toMatchObject({ ok: false, error: { code: 'auth.unavailable' } });
});
