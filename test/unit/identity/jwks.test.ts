import { createHmac } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { expect, test } from 'vitest';
import { createFixedKeys, publicKeys } from '../../../src/identity/jwks.ts';
import { createVerifier, signatureAlgorithms } from '../../../src/identity/verify.ts';

/** Key sets as issuers publish them by mistake, or as somebody would have us believe them. */
const clock = { now: () => 1_700_000_000_000 };
const claims = { iss: 'https://sso.example', aud: 'cylc', sub: 'alice', exp: 1_700_000_600 };

async function pair(alg: string, more: object = {}): Promise<{ key: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, ...more });
  return { key: privateKey, jwk: await exportJWK(publicKey) };
}

const sign = (key: CryptoKey, alg: string, kid?: string): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);

async function verify(keys: readonly JWK[], token: string): Promise<string> {
  const issuer = { issuer: claims.iss, audience: ['cylc'], algorithms: signatureAlgorithms };
  const verifier = createVerifier({ issuers: [{ ...issuer, keys: createFixedKeys({ keys }) }], clock });
  const verified = await verifier.verify(token);
  return verified.ok ? 'good' : verified.reason;
}

test('of a set with a private, a symmetric, an encryption and a small key only the proper one counts', async () => {
  const [good, given, enc] = [await pair('EdDSA'), await pair('ES256'), await pair('ES256')];
  const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA';
  const keys: JWK[] = [
    { kty: 'oct', k: secret, kid: 'shared', alg: 'HS256' },
    { ...(await exportJWK(given.key)), kid: 'private' },
    { ...enc.jwk, kid: 'enc', use: 'enc' },
    { ...good.jwk, kid: 'good' },
  ];
  expect(await verify(keys, await sign(good.key, 'EdDSA', 'good'))).toBe('good');
  expect(await verify(keys, await sign(given.key, 'ES256', 'private'))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  expect(await verify(keys, await sign(enc.key, 'ES256', 'enc'))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  const head = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'shared' })).toString('base64url');
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
  const mac = createHmac('sha256', Buffer.from(secret, 'base64url')).update(`${head}.${body}`).digest('base64url');
  expect(await verify(keys, `${head}.${body}.${mac}`)).toBe('algorithm is not allowed');
});

test('a key serves its own algorithm alone, whatever the header says', async () => {
  const [rsa, ec] = [await pair('RS256'), await pair('ES256')];
  const keys = [
    { ...rsa.jwk, kid: 'rsa', alg: 'PS256' },
    { ...ec.jwk, kid: 'ec' },
  ];
  expect(await verify(keys, await sign(rsa.key, 'RS256', 'rsa'))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  expect(await verify(keys, await sign(rsa.key, 'RS256', 'ec'))).toBe('ERR_JWKS_NO_MATCHING_KEY');
});

test.each(['../../etc/passwd', 'https://evil.example/jwks', "' OR 1=1 --", '__proto__', ''])(
  'a key named %s is just not there',
  async (kid) => {
    const { key, jwk } = await pair('EdDSA');
    expect(await verify([{ ...jwk, kid: 'one' }], await sign(key, 'EdDSA', kid))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  },
);

test('a token that names no key is tried with those that fit, while they are being rotated', async () => {
  const [old, next, other] = [await pair('EdDSA'), await pair('EdDSA'), await pair('EdDSA')];
  const keys = [next, old].map(({ jwk }, index) => ({ ...jwk, kid: `k${index}` }));
  expect(await verify(keys, await sign(old.key, 'EdDSA'))).toBe('good');
  expect(await verify(keys, await sign(next.key, 'EdDSA'))).toBe('good');
  expect(await verify(keys, await sign(other.key, 'EdDSA'))).toBe('ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
});

test.each<[string, unknown]>([
  ['no object', null],
  ['a key alone', { kty: 'OKP' }],
  ['an object of keys', { keys: { one: {} } }],
  ['nothing usable', { keys: [{ kty: 'oct', k: 'AA' }, null, 'text'] }],
])('%s is no key set', (_, set) => {
  expect(() => publicKeys(set)).toThrow(/JWK Set/);
});
