import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import type { IdentityView } from '../../src/identity/views.ts';
import { pageHeaders } from '../../src/pages/pageHeaders.ts';
import { createRenderDecision } from '../../src/pages/renderDecision.tsx';
import { createRenderView } from '../../src/pages/signInViews.tsx';
import { axeFaults, launchChromium, shoot } from '../helpers/chromium.ts';
import { freePort } from '../helpers/gateway.ts';
import { createPagesFixture, identityOf } from '../helpers/pagesFixture.ts';
import type { PagesFixture } from '../helpers/pagesFixture.ts';
import { describeWith } from '../helpers/requires.ts';

const alice = { owner: 'alice', name: '' };

describeWith(['chromium'], 'the pages in a real browser', () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let pages: PagesFixture;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    pages = await createPagesFixture({ publicUrl: origin, displayName: 'Alice Weatherby' });
    const listener = getRequestListener(withServersPlace(pages).fetch);
    server = createServer((request, response) => void listener(request, response)).listen(port, '127.0.0.1');
    await once(server, 'listening');
    context = await browser.newContext();
    await signIn(context);
    page = await context.newPage();
    complaints.length = 0;
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of (4|5)\d\d/.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await context.close();
    server.closeAllConnections();
    server.close();
    expect(complaints, 'errors in the console of the browser').toEqual([]);
  });

  const signIn = (into: BrowserContext) => into.addCookies([{ name: 'as', value: 'alice', url: origin }]);

  /** In the place of a UI server: the gate's answer while it is not ready, then a page of its own. */
  function withServersPlace(fixture: PagesFixture): Hono {
    const render = createRenderDecision(fixture.shell);
    fixture.app.get('/user/alice/*', (c) => {
      const view = fixture.servers.get(alice);
      if (view?.phase === 'ready') return c.html('<title>Cylc</title><h1>The GUI</h1>');
      const { pathname, search } = new URL(c.req.url);
      const accept = c.req.header('accept');
      const asked = { method: 'GET', path: pathname, query: search, accept, upgrade: false, requestId: 'id-1' };
      const target = { kind: 'server', ...alice } as const;
      const { status, headers, body } = render(
        { kind: 'no-server', target, identity: identityOf('alice'), view },
        asked,
      );
      return new Response(body, { status, headers });
    });
    return fixture.app;
  }

  test('from the button to the server: form, live progress, and on by itself', async () => {
    await page.goto(`${origin}/hub/home`);
    await page.getByRole('link', { name: 'Start' }).click();
    await page.getByLabel('Workflow', { exact: true }).fill('nowcast');
    await page.getByLabel('Start Cylc Review').check();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL('**/hub/spawn-pending/alice');
    await page.getByRole('status').filter({ hasText: 'Asked to start' }).waitFor();
    pages.servers.say(alice, 60, 'Waiting for its first answer');
    await page.getByRole('status').filter({ hasText: 'Waiting for its first answer' }).waitFor();
    expect(await page.getByRole('listitem').allTextContents()).toEqual([
      'Asked to start',
      'Waiting for its first answer',
    ]);
    expect(await page.locator('progress').getAttribute('value')).toBe('60');
    await shoot(page, 'progress-live');
    pages.servers.become(alice, { phase: 'ready' });
    await page.getByRole('heading', { name: 'The GUI' }).waitFor();
    expect(pages.servers.started).toEqual([expect.objectContaining({ workflow: 'nowcast', review: true, cpus: 1 })]);
  });

  test('the workflow in the part after # survives the start', async () => {
    await page.goto(`${origin}/user/alice/cylc/?x=1#/workspace/nowcast`);
    await page.getByRole('link', { name: 'Start' }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('status').filter({ hasText: 'Asked to start' }).waitFor();
    pages.servers.become(alice, { phase: 'ready' });
    await page.waitForURL(`${origin}/user/alice/cylc/?x=1#/workspace/nowcast`);
  });

  test('a page of the server waits in its own place and goes on by itself', async () => {
    pages.servers.become(alice, { phase: 'starting' }, 'Under way');
    await page.goto(`${origin}/user/alice/cylc/#/workspace/nowcast`);
    await page.getByRole('status').filter({ hasText: 'Under way' }).waitFor();
    pages.servers.become(alice, { phase: 'ready' });
    await page.getByRole('heading', { name: 'The GUI' }).waitFor();
    expect(page.url()).toBe(`${origin}/user/alice/cylc/#/workspace/nowcast`);
  });

  test('a start that fails while one watches turns into its explanation', async () => {
    await page.goto(`${origin}/hub/spawn`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('status').filter({ hasText: 'Asked to start' }).waitFor();
    pages.servers.become(alice, { phase: 'failed', failure });
    await page.getByText('Exit code').waitFor();
    await page.getByRole('link', { name: 'Start again' }).waitFor();
  });

  test('cancel leads home, and so does a stop', async () => {
    await page.goto(`${origin}/hub/spawn`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL('**/hub/home');
    pages.servers.become(alice, { phase: 'ready' });
    await page.reload();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped', { exact: true }).waitFor();
  });

  test('a refused form takes the reader to what is wrong', async () => {
    await page.goto(`${origin}/hub/spawn`);
    await page.getByLabel('Workflow', { exact: true }).fill('bad name');
    await page.getByRole('button', { name: 'Start' }).click();
    const summary = page.getByRole('alert');
    await expect.poll(() => summary.evaluate((element) => element === document.activeElement)).toBe(true);
    await summary.getByRole('link').click();
    const field = page.getByLabel('Workflow', { exact: true });
    expect(await field.inputValue()).toBe('bad name');
    expect(await field.evaluate((element) => element.matches(':target'))).toBe(true);
  });

  test('all of it works without JavaScript', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    await signIn(plain);
    const tab = await plain.newPage();
    await tab.goto(`${origin}/hub/home`);
    await tab.getByRole('link', { name: 'Start' }).click();
    await tab.getByRole('button', { name: 'Start' }).click();
    await tab.getByText('Asked to start').first().waitFor();
    pages.servers.say(alice, 60, 'Half way');
    await tab.getByText('Half way').first().waitFor();
    pages.servers.become(alice, { phase: 'ready' });
    await tab.getByRole('heading', { name: 'The GUI' }).waitFor();
    await plain.close();
  });

  test('by keyboard alone: the skip link, the form, the button', async () => {
    await page.goto(`${origin}/hub/spawn`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('nowcast');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/hub/spawn-pending/alice');
    expect(pages.servers.started).toEqual([expect.objectContaining({ workflow: 'nowcast' })]);
  });

  test('a page of a UI server, same origin, can neither read a page of ours nor send a form', async () => {
    pages.servers.become(alice, { phase: 'ready' });
    await page.goto(`${origin}/user/alice/`);
    const got = await page.evaluate(async () => {
      const home = await fetch('/hub/home', { headers: { accept: 'text/html' } });
      const stop = await fetch('/hub/stop', { method: 'POST', body: new URLSearchParams({ owner: 'alice' }) });
      const opened = window.open('/hub/home');
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
      const reach = opened === null || opened.closed ? 'cut' : 'open';
      return { home: home.status, text: await home.text(), stop: stop.status, reach };
    });
    expect([got.home, got.stop, got.reach]).toEqual([403, 403, 'cut']);
    expect(got.text).not.toContain('_csrf');
    await page.setContent(`<form method="post" action="${origin}/hub/stop"><button>Go</button></form>`);
    await page.getByRole('button').click();
    await page.getByRole('heading', { name: 'Not allowed' }).waitFor();
    expect(pages.servers.get(alice)?.phase).toBe('ready');
  });

  test.each([
    { scheme: 'light', width: 1200 },
    { scheme: 'dark', width: 1200 },
    { scheme: 'light', width: 320 },
    { scheme: 'dark', width: 320 },
  ] as const)('every page passes axe and fits: $scheme, $width px', async ({ scheme, width }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 720 });
    for (const [name, prepare] of Object.entries(everyPage())) {
      await prepare();
      expect(await axeFaults(page), `${name}, ${scheme}, ${width}`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `width of ${name}`).toBe(width);
      await shoot(page, `${name}-${scheme}-${width}`);
    }
  });

  /** Each page in each state worth looking at. */
  function everyPage(): Record<string, () => Promise<unknown>> {
    const open = (path: string) => page.goto(origin + path);
    const state = (change: Parameters<typeof pages.servers.become>[1]) => pages.servers.become(alice, change);
    const view = (what: IdentityView) => show(createRenderView(pages.shell)(what));
    const refusal = (code: 'access.denied' | 'upstream.connect') => {
      const render = createRenderDecision(pages.shell);
      const asked = { method: 'GET', path: '/', query: '', accept: 'text/html', upgrade: false, requestId: '1f3a5c' };
      const decision = { kind: 'refuse', error: new GatewayError(code), reason: '' } as const;
      return show(render({ ...decision, identity: identityOf('alice') }, asked).body);
    };
    return {
      home: () => open('/hub/home'),
      'not-running': () => open('/user/alice/'),
      'home-full': () => {
        fillHome();
        return open('/hub/home');
      },
      admin: async () => {
        fillAdmin();
        await context.addCookies([{ name: 'as', value: 'root', url: origin }]);
        await open('/hub/admin');
        await signIn(context);
      },
      token: () => open('/hub/token'),
      'token-made': async () => {
        await page.getByLabel('What is it for?').fill('the nightly script');
        return page.getByRole('button', { name: 'Make it' }).click();
      },
      share: () => open('/hub/share/alice'),
      'share-link-made': async () => {
        await page.getByRole('button', { name: 'Make a link' }).click();
        return page.getByRole('button', { name: 'Copy the link' }).waitFor();
      },
      'accept-share': async () => {
        const link = await page.locator('[data-copy]').textContent();
        await context.addCookies([{ name: 'as', value: 'root', url: origin }]);
        await page.goto(link ?? '');
        await page.getByRole('button', { name: 'Accept' }).waitFor();
        await signIn(context);
      },
      'api-docs': async () => {
        await open('/hub/api-docs');
        return page.locator('details').nth(1).locator('summary').click();
      },
      spawn: () => {
        state({ phase: 'stopped' });
        return open('/hub/spawn');
      },
      'spawn-faults': async () => {
        await open('/hub/spawn');
        await page.getByLabel('Workflow', { exact: true }).fill('bad name');
        await page.getByRole('button', { name: 'Start' }).click();
        await page.getByRole('alert').waitFor();
      },
      pending: async () => {
        state({ phase: 'starting' });
        pages.servers.say(alice, 45, 'The process runs; waiting for its first answer');
        await open('/hub/spawn-pending/alice');
        await page.getByRole('listitem').nth(1).waitFor();
      },
      stopping: () => {
        state({ phase: 'stopping' });
        return open('/hub/spawn-pending/alice');
      },
      failed: () => {
        state({ phase: 'failed', failure });
        return open('/hub/spawn-pending/alice');
      },
      'home-failed': () => open('/hub/home'),
      log: () => open('/hub/log/alice'),
      'home-warned': () => {
        const plannedStop = { at: '2026-11-24T12:05:00.000Z', why: 'idle', soon: true } as const;
        state({ phase: 'ready', failure: null, plannedStop });
        return open('/hub/home');
      },
      'admin-servers': async () => {
        await context.addCookies([{ name: 'as', value: 'root', url: origin }]);
        await open('/hub/admin/servers');
        await signIn(context);
      },
      unknown: () => {
        state({ phase: 'unknown', failure: null });
        return open('/hub/spawn-pending/alice');
      },
      'not-found': () => open('/hub/nothing'),
      denied: () => refusal('access.denied'),
      unreachable: () => refusal('upstream.connect'),
      'sign-in': () => view({ kind: 'sign-in', links: true, choices: [] }),
      'sign-in-link': () =>
        view({ kind: 'confirm-link', displayName: 'Alice Weatherby', action: '/hub/login', fields: { link: 'x' } }),
      'sign-in-error': () => view({ kind: 'error', error: new GatewayError('auth.link'), signInUrl: '/hub/login' }),
      'sign-in-choice': () =>
        view({ kind: 'sign-in', links: false, choices: [{ label: 'Sign in with Weather', href: '/hub/login' }] }),
      'sign-in-password': () =>
        view({
          kind: 'password',
          action: '/hub/login',
          fields: { _csrf: 'x' },
          name: 'alice',
          error: 'The name or the password is not right. Try again.',
          onlyFor: 'alice',
        }),
      'sign-in-loop': () =>
        view({ kind: 'loop', problem: 'clock', now: '2026-11-24T12:00:00.000Z', signInUrl: '/hub/login' }),
      'sign-out': () => view({ kind: 'confirm-sign-out', action: '/hub/logout', fields: {} }),
      'signed-out': () => view({ kind: 'signed-out', signInUrl: '/hub/login' }),
    };
  }

  function fillAdmin(): void {
    pages.store.edit((draft) => {
      draft.accounts['bob'] = { blocked: true, note: 'left in May' };
      draft.groups['ops'] = { members: ['bob', 'alice'] };
    });
    const fault = { line: 7, column: 3, path: 'accounts.bob', message: 'Unknown field "blokced".', suggestion: '' };
    const edit = { path: 'accounts.bob.note', before: undefined, after: 'left in May' };
    const conflict = { path: edit.path, base: undefined, kept: edit.after, dropped: 'x' };
    const taken = { at: '2026-11-24T10:00:00Z', outcome: 'taken', by: 'carol', count: 1, note: '', keptAt: null };
    Object.assign(pages.store.hand, {
      refused: { since: '2026-11-24T11:00:00Z', faults: [fault] },
      list: () => [{ ...taken, edits: [edit], conflicts: [conflict], faults: [] }],
    });
  }

  async function show(body: string): Promise<void> {
    await page.route('**/shown', (route) =>
      route.fulfill({ status: 200, body, headers: pageHeaders(pages.shell.urls) }),
    );
    await page.goto(`${origin}/shown`);
    await page.unroute('**/shown');
  }

  function fillHome(): void {
    pages.servers.become(alice, { phase: 'ready', startedAt: '2026-11-24T11:00:00Z', startedBy: 'alice' });
    pages.servers.become({ owner: 'alice', name: 'nowcast' }, { phase: 'starting' });
    pages.servers.become({ owner: 'bob', name: '' }, { phase: 'ready' });
    const grantee = { kind: 'user', name: 'alice' } as const;
    const share = { server: '', grantee, expiresAt: '2027-01-01T00:00:00Z', createdAt: '2026-11-24T00:00:00Z' };
    pages.store.edit((draft) => {
      draft.shares['a'] = { ...share, id: 'a', owner: 'bob', level: 'read', note: 'while I am on leave' };
      draft.shares['b'] = { ...share, id: 'b', owner: 'a-very-long-account-name-indeed', level: 'control', note: '' };
      const always = { from: null, until: null };
      draft.announcements['a'] = { id: 'a', level: 'warning', text: 'Storage is off on Friday from 18:00.', ...always };
      draft.announcements['b'] = { id: 'b', level: 'info', text: 'Cylc 8.7 is the default now.', ...always };
      draft.announcements['c'] = { id: 'c', level: 'danger', text: 'The cluster is down.', ...always };
    });
  }
});

const failure = {
  reason: 'The server ended 0.4 s after its start, before it answered.',
  code: 'spawn.failed',
  exitCode: 1,
  signal: null,
  logTail: [
    'Traceback (most recent call last):',
    '  File "/opt/cylc/lib/python3.12/site-packages/cylc/uiserver/app.py", line 400, in initialize_settings',
    '    raise RuntimeError("no such workflow")',
    'RuntimeError: no such workflow',
  ].join('\n'),
  command: 'cylc hubapp --ServerApp.sock=/run/cylc-gateway/alice/ui.sock --log-level=INFO',
  at: '2026-11-24T00:00:00Z',
};
