import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

const alice = { owner: 'alice', name: '' };

async function fixture(lastEventId?: string) {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'starting' }, 'First');
  pages.servers.say(alice, 50, 'Second');
  const headers = { accept: 'text/event-stream', 'sec-fetch-mode': 'cors' };
  const follow = () =>
    pages.get('/progress/alice', {
      headers: lastEventId === undefined ? headers : { ...headers, 'last-event-id': lastEventId },
    });
  return { ...pages, follow };
}

test('a late comer gets all events, then the final one, then the end', async () => {
  const { servers, follow } = await fixture();
  const answer = await follow();
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  servers.become(alice, { phase: 'ready' });
  const text = await answer.text();
  const messages = [...text.matchAll(/"message":"([^"]*)"/g)].map(([, message]) => message);
  expect(messages).toEqual(['First', 'Second', 'It is ready']);
  expect(text).toContain('"ready":true,"url":"/user/alice/"');
  expect(text.endsWith('event: end\ndata: {}\n\n')).toBe(true);
});

test('a browser that comes back is spared what it has seen, unless the run is another', async () => {
  const { servers, follow } = await fixture();
  servers.become(alice, { phase: 'ready' });
  const ids = [...(await (await follow()).text()).matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
  const again = await fixture(ids[1]);
  again.servers.become(alice, { phase: 'ready' });
  expect(await (await again.follow()).text()).not.toMatch(/First|Second/);
  const other = await fixture('12345-2');
  other.servers.become(alice, { phase: 'ready' });
  expect(await (await other.follow()).text()).toMatch(/First[^]*Second/);
});

test('a stream without news sends heartbeats', async () => {
  const { servers, follow } = await fixture();
  const reader = (await follow()).body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes(': still here')) text += (await reader.read()).value ?? '';
  servers.become(alice, { phase: 'ready' });
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  expect(text).toContain('"ready":true');
});

test('a browser that goes away ends its subscription', async () => {
  const { servers, follow } = await fixture();
  let ended = 0;
  const progress = servers.progress.bind(servers);
  servers.progress = async function* (key, signal) {
    try {
      yield* progress(key, signal);
    } finally {
      ended += 1;
    }
  };
  const body = (await follow()).body!;
  const reader = body.getReader();
  await reader.read();
  await reader.cancel();
  await expect.poll(() => ended).toBe(1);
});

test('where the events break off, the last word is made from the state', async () => {
  const { servers, follow } = await fixture();
  servers.become(alice, { phase: 'starting' });
  servers.progress = async function* () {
    yield { id: 1, at: '2026-11-24T00:00:00Z', progress: 10, message: 'Only', phase: 'starting' };
    servers.become(alice, { phase: 'ready' });
  };
  expect(await (await follow()).text()).toMatch(/Only[^]*"ready":true[^]*event: end/);
});
