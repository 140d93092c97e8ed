import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { dial, headOf, isWhole } from '../soak/client.ts';
import type { SoakedProgram } from '../soak/program.ts';

/** What people noticed who wanted nothing but a page now and then. */
export interface ServedFigures {
  served: number;
  failed: number;
  /** Of requests on a connection that is there. */
  p50Ms: number;
  p99Ms: number;
  /** Of the first request on a new connection, with the time to connect. */
  newP50Ms: number;
  newP99Ms: number;
}

const people = 16;
/** All have one account: together they ask less than it may. */
const pauseMs = 60;
/** Requests of one connection: some hundred new ones are seen in ten seconds. */
const perConnection = 15;
/** Longer than anybody waits for a page. */
const patienceMs = 10_000;

/** People on connections of their own, each asking for the next page a moment after it has the last. */
export async function signedInVisitors(program: SoakedProgram): Promise<{
  attackerCookie: string;
  measure(seconds: number): Promise<ServedFigures>;
}> {
  const guest = await program.signInGuest();
  return {
    attackerCookie: guest,
    async measure(seconds) {
      const times: number[] = [];
      const newTimes: number[] = [];
      let failed = 0;
      const end = performance.now() + seconds * 1000;
      const person = async (which: number): Promise<void> => {
        // Else all of them would meet the same moment, again and again, and one bad one be all of the slowest hundredth
        await wait(Math.random() * 1000);
        while (performance.now() < end) {
          const started = performance.now();
          const socket = dial(program);
          for (let asked = 0; asked < perConnection && performance.now() < end; asked += 1) {
            const from = asked === 0 ? started : performance.now();
            const status = await ask(socket, headOf(program, `GET ${program.prefixes[which % 2]}ok`));
            if (status === '200') (asked === 0 ? newTimes : times).push(performance.now() - from);
            else failed += 1;
            if (status !== '200') break;
            await wait(pauseMs * (0.5 + Math.random()));
          }
          socket.destroy();
        }
      };
      await Promise.all(Array.from({ length: people }, (_, which) => person(which)));
      const [p50Ms, p99Ms] = [shareOf(times, 0.5), shareOf(times, 0.99)];
      const [newP50Ms, newP99Ms] = [shareOf(newTimes, 0.5), shareOf(newTimes, 0.99)];
      return { served: times.length + newTimes.length, failed, p50Ms, p99Ms, newP50Ms, newP99Ms };
    },
  };
}

function shareOf(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function ask(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const cut = setTimeout(() => done('late'), patienceMs);
    const onData = (chunk: Buffer): void => {
      got += chunk.toString('latin1');
      if (isWhole(got)) done(got.slice(9, 12));
    };
    const onClose = (): void => done('broken off');
    const done = (status: string): void => {
      clearTimeout(cut);
      socket.off('data', onData).off('close', onClose);
      resolve(status);
    };
    socket.on('data', onData).once('close', onClose);
    socket.write(request, 'latin1');
  });
}
