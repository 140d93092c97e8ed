import { expect, test } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { createRenderDecision } from '../../../src/pages/renderDecision.tsx';
import { createPagesFixture, identityOf } from '../../helpers/pagesFixture.ts';

/**
 * The token of our forms is all that keeps a script of a UI server's page, which shares our origin, from sending them.
 * So no answer that such a script, or a service worker at its server's address, can read may hold it.
 */
const html = { accept: 'text/html' };

test.each(['cors', 'same-origin', 'no-cors'])(
  'not a page of ours, whatever its error, asked for by %s',
  async (mode) => {
    const pages = await createPagesFixture();
    for (const path of ['/progress/bob', '/home', '/nothing', '/share/bob']) {
      const answer = await pages.get(path, { headers: { ...html, 'sec-fetch-mode': mode } });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(await answer.text()).not.toMatch(/_csrf|data-token/);
    }
  },
);

test('not a page at the address of a server, which keeps its navigation and leads to the forms', async () => {
  const pages = await createPagesFixture();
  const render = createRenderDecision(pages.shell);
  const target = { kind: 'server', owner: 'alice', name: '' } as const;
  const request = { method: 'GET', path: '/user/alice/', query: '', accept: 'text/html', upgrade: false };
  const asked = { ...request, requestId: 'id-1' };
  for (const phase of ['stopped', 'starting', 'stopping', 'failed', 'unknown'] as const) {
    pages.servers.become(target, { phase });
    const view = pages.servers.get(target);
    const { body } = render({ kind: 'no-server', target, identity: identityOf('alice'), view }, asked);
    expect(body).not.toMatch(/_csrf|<form/);
    expect(body).toContain('href="/hub/logout"');
    if (phase !== 'stopped' && phase !== 'failed') expect(body).toContain('href="/hub/spawn-pending/alice"');
  }
  const refused = { kind: 'refuse', error: new GatewayError('access.denied'), reason: '' } as const;
  const { body } = render({ ...refused, identity: identityOf('alice') }, asked);
  expect(body).toContain('<nav aria-label="Pages">');
  expect(body).not.toMatch(/_csrf|<form/);
});
