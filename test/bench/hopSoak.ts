import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dial, headOf } from './soak/client.ts';
import { startSoaked } from './soak/program.ts';
import type { Measured, SoakedProgram } from './soak/program.ts';
import type { OpenFiles } from './soak/openFiles.ts';
import { floodRequests } from './soak/requests.ts';
import { floodSockets } from './soak/sockets.ts';

export interface SoakOptions {
  requests: number;
  sockets: number;
  slowReaders: number;
}

export interface SoakResult {
  /** How each request ended, by what was asked for. */
  requests: Record<string, number>;
  /** How each handshake was answered. */
  sockets: Record<string, number>;
  before: Measured;
  /** The most descriptors that were seen, with the sockets of that moment. */
  peak: OpenFiles;
  after: Measured;
  /** Resident memory while all slow readers are fed, above the beginning. */
  slowReadersMiB: number;
  tookS: number;
}

/**
 * The built program in its own process, upstreams in another, and the load in this one. It counts what the kernel says
 * the program has open before, at the peak, and when all is over.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const program = await startSoaked({ restartMs: 2000 });
  try {
    return await measured(program, options);
  } finally {
    await program.end();
  }
}

async function measured(program: SoakedProgram, options: SoakOptions): Promise<SoakResult> {
  await floodRequests(program, 2000);
  await floodSockets(program, 300, { together: 100 });
  await settled(program);
  const before = await program.measure();
  const started = performance.now();
  let peak: OpenFiles = before;
  const look = (): void => {
    const now = program.open();
    if (now.descriptors > peak.descriptors) peak = now;
  };
  const watch = setInterval(look, 1000);
  const requests: Record<string, number> = {};
  await floodRequests(program, options.requests, requests);
  const sockets = await floodSockets(program, options.sockets, { onPeak: look });
  const slowReadersMiB = await feedSlowReaders(program, options.slowReaders);
  clearInterval(watch);
  await settled(program);
  const after = await program.measure();
  const tookS = (performance.now() - started) / 1000;
  return { requests, sockets, before, peak, after, slowReadersMiB, tookS };
}

async function feedSlowReaders(program: SoakedProgram, count: number): Promise<number> {
  const before = program.residentMiB();
  const readers = Array.from({ length: count }, () => dial(program).pause());
  for (const reader of readers) reader.write(headOf(program, `GET ${program.prefixes[0]}endless`), 'latin1');
  await wait(3000);
  const grown = program.residentMiB() - before;
  for (const reader of readers) reader.destroy();
  return grown;
}

/** Until the number of descriptors has not changed for 3 s; kept connections are let go within that. */
async function settled(program: SoakedProgram): Promise<void> {
  for (let last = -1, same = 0, tries = 0; same < 6 && tries < 80; tries += 1) {
    await wait(500);
    const { descriptors } = program.open();
    same = descriptors === last ? same + 1 : 0;
    last = descriptors;
  }
}

/** `npm run bench -- hopSoak [--requests N] [--sockets N] [--readers N] [--json]` */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      requests: { type: 'string', default: '300000' },
      sockets: { type: 'string', default: '30000' },
      readers: { type: 'string', default: '60' },
    },
  });
  const result = await soak({
    requests: Number(values.requests),
    sockets: Number(values.sockets),
    slowReaders: Number(values.readers),
  });
  console.log(values.json === true ? JSON.stringify(result) : result);
}
