import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld, Received } from '../helpers/hopWorld.ts';
import { answerBytes } from './generated/answers.ts';
import { plainText, readConversation } from './generated/conversation.ts';
import type { Told } from './generated/conversation.ts';
import { requestBytes } from './generated/requests.ts';

/**
 * The lane and Node's own reader before the same gate and the same rules: whatever is sent, both must refuse it or both
 * must carry it, with the same bytes upstream and the same answer. Requests and answers come from a seeded generator;
 * `FUZZ_RUNS` and `FUZZ_SEED` make it longer or other.
 */
const runs = Number(process.env['FUZZ_RUNS'] ?? 400);
const seed = Number(process.env['FUZZ_SEED'] ?? 6);
const lastRequest = `GET /user/alice/last HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`;

const oneRequest = lastRequest.replace('last', 'x').replace('Connection: close\r\n', '');

interface OfWorld {
  client: Told[];
  upstream: string;
}

let worlds: HopWorld[];
let answer: string;
beforeAll(async () => {
  worlds = await Promise.all([true, false].map((lane) => openHopWorld({ config: { lane }, answer: reply })));
});
afterAll(async () => {
  await Promise.all(worlds.map((world) => world.close()));
});

function reply({ head, socket }: Received): void {
  const isLast = head.startsWith('GET /user/alice/last ');
  socket.write(Buffer.from(isLast ? plainText('last') : answer, 'latin1'));
  if (!isLast && answer !== plainText('hello')) socket.end();
}

/** What came of the same bytes in one world, once the connection is closed or `enough` has come. */
async function told(
  world: HopWorld,
  writes: readonly string[],
  enough: (answers: Told[]) => boolean,
): Promise<OfWorld> {
  world.forget();
  const socket = world.open();
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    if (enough(readConversation(got))) socket.destroy();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const part of writes) {
    if (socket.destroyed) break;
    socket.write(Buffer.from(part, 'latin1'));
    await new Promise(setImmediate);
  }
  const cut = setTimeout(() => socket.destroy(), 1500);
  await closed;
  clearTimeout(cut);
  return { client: readConversation(got), upstream: world.seen() };
}

/**
 * A request whose chunks turned out to be malformed, refused by both: whether its head had been sent on by then is a
 * matter of timing. It never ends there.
 */
function isOfTiming(lane: OfWorld, node: OfWorld): boolean {
  const [short, long] = [lane.upstream, node.upstream].toSorted((a, b) => a.length - b.length);
  const statuses = [lane, node].map(({ client }) => client.map(({ status }) => status).join());
  const more = long!.slice(short!.length);
  return statuses[0] === statuses[1] && long!.startsWith(short!) && /: chunked\r\n\r\n(?!.*\n0\r\n\r\n)/s.test(more);
}

async function sameOfBoth(writes: readonly string[], enough: (answers: Told[]) => boolean = never): Promise<void> {
  const [lane, node] = await Promise.all(worlds.map((world) => told(world, writes, enough)));
  if (!isOfTiming(lane!, node!)) expect(lane).toEqual(node);
}

function never(): boolean {
  return false;
}

describe('both readers', () => {
  test('refuse the same requests, and send the same bytes upstream for all others', async () => {
    answer = plainText('hello');
    await fc.assert(
      fc.asyncProperty(requestBytes, (writes) => sameOfBoth([...writes, lastRequest])),
      { numRuns: runs, seed },
    );
  }, 600_000);

  test('let the same answers through, whole or broken off alike', async () => {
    await fc.assert(
      fc.asyncProperty(answerBytes, async (bytes) => {
        answer = bytes;
        await sameOfBoth([oneRequest], ({ length }) => length > 0);
      }),
      { numRuns: runs, seed },
    );
  }, 600_000);
});
