import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHubWorld, makeShare } from '../../helpers/hubWorld.ts';
import type { HubWorld } from '../../helpers/hubWorld.ts';
import { codeOf, startDance } from '../../helpers/oauthDance.ts';
import type { Dance } from '../../helpers/oauthDance.ts';

let world: HubWorld;
let dance: Dance;

beforeEach(async () => {
  world = await createHubWorld();
  dance = await startDance(world);
});
afterEach(() => world.close());

describe('authorize', () => {
  test('sends a browser without sign-in to the sign-in page, and then back here', async () => {
    const answer = await dance.authorize('nobody.s1');
    expect(answer.status).toBe(302);
    const next = new URL(answer.headers.get('location') ?? '', 'http://localhost').searchParams.get('next');
    expect(next).toMatch(/^\/oauth2\/authorize\?client_id=jupyterhub-user-alice&.*state=some-state/);
  });

  test('sends the owner straight back with a code and the same state', async () => {
    const answer = await dance.authorize('alice.s1');
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toMatch(/^\/user\/alice\/oauth_callback\?code=[\w-]+&state=some-state$/);
  });

  test('asks another person once, and no more when a token is held', async () => {
    world.shares.push(makeShare('alice', 'bob'));
    const page = await dance.authorize('bob.s2');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('the server of alice');
    await dance.signIn('bob.s2');
    expect((await dance.authorize('bob.s2')).status).toBe(302);
  });

  test('a confirmation must come from the page that this session was shown', async () => {
    world.shares.push(makeShare('alice', 'bob'), makeShare('alice', 'erin'));
    const page = await (await dance.authorize('bob.s2')).text();
    expect((await dance.confirm('bob.s2', 'no ticket')).status).toBe(403);
    expect((await dance.confirm('erin.s3', page)).status).toBe(403);
    expect((await dance.confirm('bob.s2', page)).status).toBe(302);
    expect((await dance.confirm('bob.s2', page)).status).toBe(403);
  });

  test('neither shows the question to a script of a server’s page, nor takes its answer', async () => {
    world.shares.push(makeShare('alice', 'bob'));
    const page = await (await dance.authorize('bob.s2')).text();
    for (const mode of ['cors', 'same-origin', 'no-cors']) {
      const asked = await dance.authorize('bob.s2', {}, { 'sec-fetch-mode': mode });
      expect([asked.status, await asked.text()]).toEqual([403, expect.not.stringContaining('_xsrf')]);
      expect((await dance.confirm('bob.s2', page, {}, { 'sec-fetch-mode': mode })).status).toBe(403);
    }
    expect((await dance.confirm('bob.s2', page)).status).toBe(302);
  });

  test('its pages draw all that they name: their policy lets the icon through', async () => {
    world.shares.push(makeShare('alice', 'bob'));
    const answer = await dance.authorize('bob.s2');
    expect(answer.headers.get('content-security-policy')).toContain("img-src 'self'");
    expect(await answer.text()).toMatch(/<link rel="icon" href="[^"]*\/favicon"/);
  });

  test('shows whom nothing is shared with a page of status 403, without a redirect', async () => {
    const answer = await dance.authorize('erin.s3');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('location')).toBeNull();
  });

  test.each([
    ['an unknown client', { client_id: 'jupyterhub-user-erin' }],
    ['another address', { redirect_uri: '/user/bob/oauth_callback' }],
    ['a longer address', { redirect_uri: '/user/alice/oauth_callback?x=1' }],
    ['an absolute address', { redirect_uri: 'http://evil.example/user/alice/oauth_callback' }],
    ['no address', { redirect_uri: undefined }],
  ])('never redirects to %s', async (_title, change) => {
    const answer = await dance.authorize('alice.s1', change);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  test.each([
    ['unsupported_response_type', { response_type: 'token' }],
    ['invalid_request', { response_type: undefined }],
    ['invalid_request', { code_challenge_method: 'plain' }],
    ['invalid_request', { code_challenge_method: undefined }],
  ])('tells the client %s by redirect', async (error, change) => {
    const answer = await dance.authorize('alice.s1', change);
    expect(answer.headers.get('location')).toBe(`/user/alice/oauth_callback?error=${error}&state=some-state`);
  });
});

describe('token', () => {
  test('is given for a code, and names the visitor', async () => {
    const answer = await dance.trade(codeOf(await dance.authorize('alice.s1')));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = (await answer.json()) as Record<string, unknown>;
    // A sign-in lasts 12 hours here: its tokens do not outlive it.
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 43_200 });
    const user = await (await dance.user(String(body['access_token']))).json();
    expect(user).toMatchObject({ kind: 'user', name: 'alice', session_id: 's1', display_name: 'Alice' });
  });

  test.each([
    ['wrong secret', 401, 'invalid_client', { client_secret: 'wrong' }],
    ['unknown client', 401, 'invalid_client', { client_id: 'jupyterhub-user-bob' }],
    ['wrong verifier', 400, 'invalid_grant', { code_verifier: 'wrong' }],
    ['no verifier', 400, 'invalid_request', { code_verifier: '' }],
    ['wrong address', 400, 'invalid_request', { redirect_uri: '/elsewhere' }],
    ['wrong code', 400, 'invalid_grant', { code: 'wrong' }],
    ['wrong grant', 400, 'unsupported_grant_type', { grant_type: 'password' }],
  ])('%s: %i %s', async (_title, status, error, change) => {
    const answer = await dance.trade(codeOf(await dance.authorize('alice.s1')), change);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error });
  });

  test('a code is good for one server only', async () => {
    world.shares.push(makeShare('bob', 'alice'));
    const other = await startDance(world, { owner: 'bob', name: '' });
    const code = codeOf(await dance.authorize('alice.s1'));
    const answer = await other.trade(code, { code_verifier: dance.verifier });
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('a code used twice takes the token of its first use with it', async () => {
    const code = codeOf(await dance.authorize('alice.s1'));
    const { access_token: token } = (await (await dance.trade(code)).json()) as { access_token: string };
    expect((await dance.user(token)).status).toBe(200);
    expect((await dance.trade(code)).status).toBe(400);
    expect((await dance.user(token)).status).toBe(403);
  });

  test('a code dies after 300 seconds', async () => {
    const code = codeOf(await dance.authorize('alice.s1'));
    world.clock.nowMs += 300_000;
    expect((await dance.trade(code)).status).toBe(400);
  });

  test('a code dies with the session', async () => {
    const code = codeOf(await dance.authorize('alice.s1'));
    await world.hub.contract.forgetSession('s1');
    expect((await dance.trade(code)).status).toBe(400);
  });
});
