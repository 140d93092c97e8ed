import { afterEach, beforeEach, expect, test } from 'vitest';
import { createIssuers } from '../../src/identity/issuers.ts';
import { issuerSchema } from '../../src/config/sections/identityIssuers.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import type { Verifier } from '../../src/identity/verify.ts';
import { startIssuer } from '../helpers/issuer.ts';
import type { Issuer } from '../helpers/issuer.ts';

/** Keys of an issuer over real HTTP: rotated under load, flooded, down, slow, huge. Time is the test's own. */
const cooldownMs = 30_000;
let issuer: Issuer;
let verifier: Verifier;
const clock = { offsetMs: 0, now: () => Date.now() + clock.offsetMs };
const faults: unknown[] = [];

beforeEach(async () => {
  clock.offsetMs = 0;
  faults.length = 0;
  issuer = await startIssuer('ES256');
  verifier = await build();
});
afterEach(() => issuer.close());

async function build(more: object = {}): Promise<Verifier> {
  const config = issuerSchema.parse({ issuer: issuer.url, audience: 'us', cookie: 'sso', ...more });
  const log = { warn: (fields: object) => void faults.push(fields) };
  const [built] = await createIssuers([config], { clock, log, onKeysChange: () => verifier.clear() });
  if (built === undefined) throw new Error('no issuer');
  // Long-lived tokens and a test that moves the clock by minutes: their age is not what is tested here.
  return createVerifier({ issuers: [built.trusted], clock });
}

let made = 0;
/** Each is another one, so that no cache of verified tokens helps. */
const token = (header = {}): Promise<string> =>
  issuer.sign({ sub: 'alice', aud: 'us', jti: `${(made += 1)}`, exp: Math.floor(Date.now() / 1000) + 86_400 }, header);

async function codes(count: number, make: () => Promise<string> = token): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await Promise.all(
    Array.from({ length: count }, async () => {
      const verified = await verifier.verify(await make());
      const code = verified.ok ? 'ok' : verified.error.code;
      found.set(code, (found.get(code) ?? 0) + 1);
    }),
  );
  return found;
}

test('keys rotated five times under load: nobody is refused, and there is one look at them in a cool-down', async () => {
  expect(await codes(200)).toEqual(new Map([['ok', 200]]));
  for (let rotations = 1; rotations <= 5; rotations += 1) {
    const older = await Promise.all(Array.from({ length: 50 }, () => token()));
    const load = codes(100);
    await issuer.rotate();
    clock.offsetMs += cooldownMs + 1;
    const [before, after, late] = await Promise.all([load, codes(300), codes(50, async () => older.pop() ?? '')]);
    for (const counts of [before, after, late]) expect([...counts.keys()]).toEqual(['ok']);
    expect(issuer.keyFetches()).toBeLessThanOrEqual(1 + rotations);
  }
});

test('a flood of unknown keys causes one look in a cool-down, and costs nobody else theirs', async () => {
  await codes(1);
  clock.offsetMs += cooldownMs + 1;
  for (let waves = 1; waves <= 3; waves += 1) {
    const [flood, good] = await Promise.all([codes(300, () => token({ kid: `kid-${Math.random()}` })), codes(100)]);
    expect([flood, good]).toEqual([new Map([['auth.invalid', 300]]), new Map([['ok', 100]])]);
    expect(issuer.keyFetches()).toBe(2);
  }
  clock.offsetMs += cooldownMs + 1;
  await codes(100, () => token({ kid: 'another' }));
  expect(issuer.keyFetches()).toBe(3);
});

test.each(['down', 'huge'] as const)('while the issuer is %s the last keys go on for hours', async (how) => {
  await codes(10);
  issuer.behave(how);
  for (let hours = 1; hours <= 3; hours += 1) {
    clock.offsetMs += 3_600_000;
    expect(await codes(20)).toEqual(new Map([['ok', 20]]));
  }
  expect(faults.length).toBeGreaterThan(0);
  issuer.behave('well');
  await issuer.rotate(0);
  clock.offsetMs += cooldownMs + 1;
  expect(await codes(20)).toEqual(new Map([['ok', 20]]));
});

test('with no keys at all it is said that it cannot be told, not that the token is bad; soon after the return all is well', async () => {
  issuer.behave('down');
  verifier = await build();
  expect(await codes(20)).toEqual(new Map([['auth.unavailable', 20]]));
  const asked = issuer.keyFetches();
  issuer.behave('well');
  clock.offsetMs += 3001;
  expect(await codes(20)).toEqual(new Map([['ok', 20]]));
  expect(issuer.keyFetches() - asked).toBeLessThanOrEqual(1);
});

test('an issuer that never answers holds nobody up for longer than its deadline, and those with known keys not at all', async () => {
  await codes(1);
  issuer.behave('slow');
  clock.offsetMs += 700_000;
  const begun = Date.now();
  expect(await codes(50)).toEqual(new Map([['ok', 50]]));
  expect(Date.now() - begun).toBeLessThan(4500);
  expect(await codes(3, () => token({ kid: 'unknown' }))).toEqual(new Map([['auth.invalid', 3]]));
  expect(Date.now() - begun).toBeLessThan(20_000);
});

test('keys at a fixed address need no discovery', async () => {
  verifier = await build({ jwksUrl: issuer.jwksUrl });
  expect(await codes(5)).toEqual(new Map([['ok', 5]]));
});
