import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAreas } from '../../../src/origins/areas.ts';
import { createOriginGate } from '../../../src/origins/originGate.ts';
import { createSeal } from '../../../src/origins/seal.ts';
import { createTickets } from '../../../src/origins/tickets.ts';
import type { GateDecision, GateRequest } from '../../../src/proxy/types.ts';
import { createUrls } from '../../../src/urls.ts';
import { labelOf, nameOf } from '../../../src/userLabels.ts';

const urls = createUrls('https://site.example:8443/gw', 'users.example');
const areas = createAreas({ domain: 'users.example', urls });

describe('labels', () => {
  test('a plain name is its own label, any other is coded, and no two share one', () => {
    expect(['alice', 'a-b', 'b1'].map(labelOf)).toEqual(['alice', 'a-b', 'b1']);
    for (const name of ['_apt', 'Alice', 'a.b', 'xn--x', 'u--me', '-x', 'x-', 'jürg'])
      expect(labelOf(name)).toMatch(/^u--[a-z2-7]+$/);
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 32 }), (name) => {
        expect(nameOf(labelOf(name))).toBe(name);
      }),
    );
  });

  test('what no name has is no label', () => {
    for (const label of ['u--', 'u--1', 'u--mfwgsy3f', 'A', 'a.b', '', 'xn--x', 'a_b'])
      expect(nameOf(label)).toBeUndefined();
  });
});

test('the host tells whose origin it is', () => {
  const kinds = [
    'site.example:8443',
    'users.example',
    'localhost',
    'a.b.users.example',
    'evilusers.example',
    undefined,
  ];
  expect(kinds.map((host) => areas.areaOf(host).kind)).toEqual(kinds.map(() => 'main'));
  expect(areas.areaOf('Alice.Users.Example:8443')).toEqual({ kind: 'user', owner: 'alice', label: 'alice' });
  expect(areas.ownerOf('/gw/user/a%40b/x')).toBe('a@b');
  expect(areas.ownerOf('/user/alice/')).toBeUndefined();
  expect(urls.userOrigin('alice')).toBe('https://alice.users.example:8443');
  expect(createUrls('https://site.example').userOrigin('alice')).toBeUndefined();
});

test('what is sealed for one label opens for no other, nor when it was touched', () => {
  const seal = createSeal(Buffer.alloc(32, 1));
  const sealed = seal.close('name=value', 'alice');
  expect(seal.open(sealed, 'alice')).toBe('name=value');
  expect(seal.open(sealed, 'bob')).toBeUndefined();
  expect(seal.open(`${sealed.slice(0, -2)}AA`, 'alice')).toBeUndefined();
  expect(createSeal(Buffer.alloc(32, 2)).open(sealed, 'alice')).toBeUndefined();
  for (const text of ['', 'x', 'eyJhbGciOiJFZERTQSJ9.e30.x']) expect(seal.open(text, 'alice')).toBeUndefined();
});

test('a ticket lives for seconds, and once', () => {
  let now = 1000;
  const tickets = createTickets({ clock: { now: () => now } });
  const passage = { label: 'alice', proof: 'p', cookie: 'c', sessionId: 's', expiresAt: 1, next: '/' };
  const [first, second] = [tickets.issue(passage), tickets.issue(passage)];
  expect(tickets.take(first)).toEqual(passage);
  expect(tickets.take(first)).toBeUndefined();
  now += 30_001;
  expect(tickets.take(second)).toBeUndefined();
});

describe('the gate', () => {
  const identity = { via: 'cookie' } as never;
  const hop = { kind: 'hop', identity } as unknown as GateDecision;
  const asked: GateRequest[] = [];
  const gateWith = (answer: GateDecision) =>
    createOriginGate({
      areas,
      inner: (request) => {
        asked.push(request);
        return answer;
      },
      unsealed: (cookie, label) => `${cookie ?? ''} opened for ${label}`,
    });
  const request = (host: string, path: string, more: Partial<GateRequest> = {}): GateRequest => ({
    method: 'GET',
    path,
    query: '',
    cookie: 'sealed',
    authorization: undefined,
    origin: undefined,
    host,
    fetchSite: undefined,
    upgrade: false,
    ...more,
  });
  const outcome = async (decision: GateDecision | Promise<GateDecision>): Promise<string> => {
    const made = await decision;
    return made.kind === 'refuse' ? made.error.code : made.kind;
  };
  const own = 'alice.users.example:8443';

  test("on a user's origin, only that user's servers are there, by the cookie of that origin", async () => {
    const gate = gateWith(hop);
    expect(await outcome(gate(request(own, '/gw/user/alice/x')))).toBe('hop');
    expect(asked.at(-1)?.cookie).toBe('sealed opened for alice');
    expect(await outcome(gate(request(own, '/gw/user/bob/x')))).toBe('request.misdirected');
    expect(await outcome(gate(request(own, '/gw/services/review/')))).toBe('request.misdirected');
  });

  test("on the gateway's own origin, servers are for programs with a token alone", async () => {
    const main = 'site.example:8443';
    expect(await outcome(gateWith(hop)(request(main, '/gw/user/alice/x')))).toBe('request.misdirected');
    const byToken = { kind: 'hop', identity: { via: 'hub-token' } } as unknown as GateDecision;
    expect(await outcome(gateWith(byToken)(request(main, '/gw/user/alice/x')))).toBe('hop');
    expect(await outcome(gateWith(hop)(request(main, '/gw/services/review/')))).toBe('hop');
    expect(asked.at(-1)?.cookie).toBe('sealed');
  });

  test.each([
    ['same-site', 'GET', 'cors', false, 'access.origin'],
    ['same-site', 'GET', 'navigate', false, 'hop'],
    ['cross-site', 'POST', 'navigate', false, 'access.origin'],
    ['same-site', 'GET', 'websocket', true, 'access.origin'],
    ['same-origin', 'POST', 'cors', false, 'hop'],
    ['none', 'GET', 'navigate', false, 'hop'],
  ])('a %s %s by %s (upgrade %s) is %s', async (fetchSite, method, mode, upgrade, expected) => {
    const header = (name: string): string | undefined => (name === 'sec-fetch-mode' ? mode : undefined);
    const from = request(own, '/gw/user/alice/x', { fetchSite, method, upgrade, header });
    expect(await outcome(gateWith(hop)(from))).toBe(expected);
  });
});
