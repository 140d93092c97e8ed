import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardByEdge } from '../../src/proxy/edgeGuard.ts';
import { good, openHopWorld, plainAnswer } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';
import { bytesOf, signedIn } from '../hostile/case.ts';
import type { Case } from '../hostile/case.ts';
import { classes, upgradesOf } from '../hostile/classes.ts';
import { startBareWorkerd } from './bareWorkerd.ts';
import { differences } from './differences.ts';
import type { Instead } from './differences.ts';
import { makeKey } from './origin.ts';
import type { RunningWorker } from './workerd.ts';

const publicUrl = 'http://localhost:8000';
const secret = 'a secret of the tests, thirty-two characters long';
/** The hostile requests to the Worker in workerd, the guarded gateway behind it: what it lets through is what the gateway carries. */
let folder: string;
let session: string;
let world: HopWorld;
let worker: RunningWorker;

beforeAll(async () => {
  const key = await makeKey('one');
  session = await new SignJWT({ iss: `${publicUrl}/hub`, sub: 'alice', sid: 's1' })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one', typ: 'cylc-session+jwt' })
    .setAudience('cylc-gateway')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key.privateKey);
  folder = await mkdtemp(join(tmpdir(), 'gw-edge-'));
  const secretFile = join(folder, 'secret');
  await writeFile(secretFile, secret, { mode: 0o600 });
  world = await openHopWorld({
    session,
    config: { lane: false },
    app: (req, res) => res.end(req.url === '/hub/jwks.json' ? JSON.stringify({ keys: [key.jwk] }) : 'app'),
    answer: (request) => {
      const whole = (): boolean =>
        !/transfer-encoding: chunked/i.test(request.head) || request.rest.includes('0\r\n\r\n');
      void until(whole, 3000)
        .then(() => request.socket.write(plainAnswer))
        .catch(() => undefined);
    },
  });
  const silent = pino({ level: 'silent' });
  const guard = { config: { secretFile }, open: ['/hub/jwks.json'], publicOrigin: publicUrl };
  await guardByEdge(world.door, { ...guard, clock: { now: () => Date.now() }, log: silent });
  worker = await startBareWorkerd({
    ORIGIN: `http://127.0.0.1:${world.port}`,
    PUBLIC_URL: publicUrl,
    EDGE_SECRET: secret,
  });
});
afterAll(async () => {
  await worker.close();
  await world.close();
  await rm(folder, { recursive: true });
});

/** With the session that the Worker knows in place of the one that the cases have. */
function withSession(bytes: string): string {
  return bytes
    .replaceAll(good, session)
    .replaceAll(good.slice(0, -1), session.slice(0, -1))
    .replaceAll(`%67${good.slice(1)}`, `%65${session.slice(1)}`);
}

/** The first answer, or what has come of it in two seconds. */
function exchange(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(worker.url).port), '127.0.0.1');
  const late = setTimeout(() => socket.destroy(), 2000);
  let got = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    if (isWhole(got, bytes.startsWith('HEAD '))) socket.destroy();
  });
  socket.write(Buffer.from(withSession(bytes), 'latin1'));
  return new Promise((resolve) =>
    socket.once('close', () => {
      clearTimeout(late);
      resolve(got);
    }),
  );
}

function isWhole(got: string, headOnly: boolean): boolean {
  const end = got.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(got.slice(0, end))?.[1];
  return headOnly || got.endsWith('\r\n0\r\n\r\n') || (length !== undefined && got.length >= end + 4 + Number(length));
}

function statusOf(got: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3}) /.exec(got)?.[1]);
}

/** Whatever comes of it. */
function leaksNothing(): void {
  const seen = world.seen();
  expect(seen).not.toContain(session.slice(0, -1));
  expect(seen).not.toMatch(/\r\n[^\r]*: root\r\n|authorization|secret-token|cylc-gateway=|\/user\/bob\//i);
}

/** What we vouch for, and what workerd writes anew, is not counted. */
const rewritten = /^(?:host|x-forwarded-\w+|transfer-encoding|content-length|cache-control|pragma|te|connection):/i;

function headerLines(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !rewritten.test(line))
    .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
}

function isCarried({ fate }: Case, line: string | undefined): void {
  expect(world.received.length).toBe(1);
  const [first = '', ...lines] = world.received[0]!.head.split('\r\n');
  expect(lines).toEqual(expect.arrayContaining(['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Host: localhost:8000']));
  if (fate.kind !== 'carried') {
    expect(first).toMatch(/^(?:GET|POST) \/user\/alice\/(?:x|x\?a|ws) HTTP\/1\.1$/);
    return;
  }
  expect(first).toBe(line === undefined ? fate.lines[0] : `GET ${line} HTTP/1.1`);
  expect(headerLines(lines).toSorted()).toEqual(headerLines(fate.lines.slice(1)).toSorted());
  if (fate.body !== undefined) expect(world.received[0]!.rest.toString('latin1')).toMatch(/^(?:2\r\n)?hi(?:\r\n|$)/);
}

function statusesOf({ fate }: Case): readonly number[] {
  if (fate.kind === 'ours') return [200];
  if (fate.kind === 'broken') return [NaN, 400, 413, 502];
  return [fate.kind === 'denied' ? fate.status : (fate.kind === 'refused' && fate.status) || 400];
}

function insteadOf(title: string, { fate }: Case): Instead | undefined {
  const found = differences.find(({ cases }) => cases.test(title));
  return found?.instead ?? (fate.kind === 'carried' ? { carried: undefined } : undefined);
}

describe.each(Object.entries(classes))('%s', (title, cases) => {
  test.each(cases.map((one) => [one.name, one.ref, one] as const))('%s (%s)', async (name, _ref, one) => {
    world.forget();
    const got = await exchange(one.bytes);
    leaksNothing();
    const instead = insteadOf(`${title}: ${name}`, one);
    if (instead !== undefined && 'carried' in instead) {
      expect(statusOf(got)).toBe(200);
      isCarried(one, instead.carried);
      return;
    }
    expect(instead?.statuses ?? statusesOf(one)).toContain(statusOf(got));
    if (one.fate.kind === 'broken') expect(world.seen()).not.toContain('0\r\n\r\n');
    else expect(world.seen()).toBe('');
  });

  const upgrades = upgradesOf(cases);
  if (upgrades.length === 0) return;
  test.each(upgrades.map((one) => [one.name, one.ref, one] as const))(
    '%s, with a handshake put in (%s)',
    async (name, _ref, one) => {
      world.forget();
      const got = await exchange(one.bytes);
      leaksNothing();
      const instead = insteadOf(`${title}: ${name}`, one);
      const mayPass = instead !== undefined && 'carried' in instead;
      if (mayPass && world.received.length > 0) {
        isCarried(one, instead.carried);
        return;
      }
      expect(world.seen()).toBe('');
      expect(got).not.toMatch(/^HTTP\/1\.1 (?:101|2)/);
    },
  );
});

test('every difference is still one', () => {
  const titles = Object.entries(classes).flatMap(([title, cases]) => cases.map(({ name }) => `${title}: ${name}`));
  for (const { cases, why } of differences)
    expect(
      titles.some((title) => cases.test(title)),
      why,
    ).toBe(true);
});

test('an address that the client names by the header of Cloudflare is not believed in workerd alone', async () => {
  world.forget();
  await exchange(bytesOf('GET /user/alice/x HTTP/1.1', [...signedIn, 'CF-Connecting-IP: 6.6.6.6']));
  expect(world.received[0]?.head).toContain('X-Forwarded-For: 127.0.0.1');
  expect(world.seen()).not.toContain('6.6.6.6');
});

test('after all that, the edge serves', async () => {
  expect(await exchange(bytesOf('GET /user/alice/x HTTP/1.1', signedIn))).toMatch(/hello/);
});
