import { expect, test } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { createRenderDecision } from '../../../src/pages/renderDecision.tsx';
import type { Asked } from '../../../src/pages/asked.ts';
import { createShell } from '../../../src/pages/shell.ts';
import type { ServerPhase } from '../../../src/servers/types.ts';
import { createUrls } from '../../../src/urls.ts';
import { createMemoryServers } from '../../helpers/memoryServers.ts';
import { identityOf } from '../../helpers/pagesFixture.ts';

const render = createRenderDecision(createShell(createUrls('http://localhost:8000')));
const person: Asked = {
  method: 'GET',
  path: '/user/alice/cylc/',
  query: '?a=1&b=2',
  accept: 'text/html,*/*;q=0.8',
  upgrade: false,
  requestId: 'id-1',
};
const program: Asked = { ...person, accept: '*/*' };

function notRunning(phase: ServerPhase | undefined, who: string, request: Asked) {
  const servers = createMemoryServers();
  const target = { kind: 'server', owner: 'alice', name: '' } as const;
  if (phase !== undefined) servers.become(target, { phase });
  return render({ kind: 'no-server', target, identity: identityOf(who), view: servers.get(target) }, request);
}

const signIn = {
  kind: 'sign-in',
  returnTo: '/user/alice/cylc/?a=1&b=2',
  error: new GatewayError('auth.required'),
} as const;

test('a page load is sent to sign in, and back to exactly where it wanted to go', () => {
  const { status, headers } = render(signIn, person);
  expect(status).toBe(302);
  expect(headers['location']).toBe('/hub/login?next=%2Fuser%2Falice%2Fcylc%2F%3Fa%3D1%26b%3D2');
});

test.each([
  ['a program', program],
  ['an upgrade', { ...person, upgrade: true }],
])('%s is told in JSON instead', (_who, request) => {
  const { status, headers, body } = render(signIn, request);
  expect([status, headers['content-type']]).toEqual([401, 'application/json; charset=utf-8']);
  expect(JSON.parse(body)).toMatchObject({ status: 401, code: 'auth.required', requestId: 'id-1' });
});

test('a form sent after the sign-in has ended gets a page, not a redirect that loses it', () => {
  const { status, body } = render(signIn, { ...person, method: 'POST' });
  expect(status).toBe(401);
  expect(body).toContain('You are not signed in');
});

test.each([
  [undefined, 'alice', 424, '/hub/spawn/alice?next=%2Fuser%2Falice%2Fcylc%2F%3Fa%3D1%26b%3D2'],
  ['stopped', 'alice', 424, '>Start<'],
  ['stopped', 'bob', 424, 'Only alice can start it'],
  ['queued', 'alice', 503, 'data-progress="/hub/progress/alice"'],
  ['starting', 'alice', 503, 'data-next="here"'],
  ['stopping', 'alice', 503, 'is stopping'],
  ['failed', 'alice', 424, 'did not start'],
  ['unknown', 'alice', 424, 'state not known'],
] as const)('a server that is %s, asked for by %s: %i and the way on', (phase, who, status, words) => {
  const page = notRunning(phase, who, person);
  expect(page.status).toBe(status);
  expect(page.body).toContain(words);
  expect(notRunning(phase, who, program).status).toBe(status);
});

test('a visitor who may not run the server is offered neither start nor stop, nor its failure', () => {
  for (const phase of ['stopped', 'starting', 'failed', 'unknown'] as const)
    expect(notRunning(phase, 'bob', person).body).not.toMatch(/hub\/spawn|hub\/stop|<pre/);
});

test('a visitor who waits for a server of somebody else follows it without a stream that is not theirs', () => {
  expect(notRunning('starting', 'bob', person).body).not.toContain('data-progress');
  expect(notRunning('starting', 'bob', person).body).toContain('data-reload');
});

test.each([
  'access.denied',
  'upstream.connect',
  'upstream.timeout',
  'auth.no-account',
  'internal',
] satisfies ErrorCode[])('%s: a page says what, why, what to do and the request id; never the inner facts', (code) => {
  const error = new GatewayError(code, { facts: { path: '/run/secret' }, cause: new Error('/run/secret') });
  const page = render({ kind: 'refuse', error, reason: 'inner reason' }, person);
  expect(page.status).toBe(error.status);
  // A way on: home, or, where all pages are refused, the same once more.
  for (const words of ['id-1', code === 'auth.no-account' ? 'Try again' : 'Home']) expect(page.body).toContain(words);
  expect(page.body).not.toMatch(/secret|inner reason/);
  const json = render({ kind: 'refuse', error, reason: 'inner reason' }, program).body;
  expect(JSON.parse(json)).toEqual({ ...error.toJSON(), requestId: 'id-1' });
});

test('a service that does not answer is called a service, and nobody is told to stop it', () => {
  const asked = { ...person, path: '/services/docs/' };
  const { body } = render({ kind: 'refuse', error: new GatewayError('upstream.connect'), reason: '' }, asked);
  expect(body).toContain('The service cannot be reached.');
  expect(body).not.toMatch(/stop the server/);
});
