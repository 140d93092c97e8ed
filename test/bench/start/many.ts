import { readFileSync } from 'node:fs';
import { memoryOf } from '../../helpers/memoryOf.ts';
import type { Memory } from '../../helpers/memoryOf.ts';
import { openRoom } from './rooms.ts';
import type { Room } from './rooms.ts';

export interface Twenty {
  servers: number;
  privateMiB: number;
  /** Of the servers and their fork server together: what the machine has less of. */
  pssMiB: number;
  forkServerPrivateMiB: number;
}
export interface Fifty {
  asked: number;
  ready: number;
  lost: number;
  firstMs: number;
  lastMs: number;
}

/** So many servers side by side: what they take together. */
export async function measureTwenty(servers: number): Promise<Twenty> {
  const room = await openRoom('warm');
  try {
    const memory: Memory[] = [];
    for (let index = 1; index < servers; index += 1) await room.start(`n${index}`);
    for (const view of room.world.servers.list()) memory.push(memoryOf(view.pid as number));
    const forkServer = memoryOf(parentOf(room.world.servers.list()[0]?.pid as number));
    const sum = (pick: (of: (typeof memory)[number]) => number): number =>
      Math.round(memory.map(pick).reduce((total, value) => total + value, 0));
    return {
      servers: memory.length,
      privateMiB: sum(({ privateMiB }) => privateMiB),
      pssMiB: sum(({ pssMiB }) => pssMiB) + Math.round(forkServer.pssMiB),
      forkServerPrivateMiB: Math.round(forkServer.privateMiB),
    };
  } finally {
    await room.close();
  }
}

/** So many starts asked for at once. */
export async function measureFifty(asked: number): Promise<Fifty> {
  const room = await openRoom('warm');
  try {
    const begun = performance.now();
    const names = Array.from({ length: asked }, (_, index) => `n${index}`);
    const times = await Promise.allSettled(names.map((name) => readyAfter(room, name, begun)));
    const ready = times.flatMap((one) => (one.status === 'fulfilled' ? [Math.round(one.value)] : []));
    const [firstMs, lastMs] = [Math.min(...ready), Math.max(...ready)];
    return { asked, ready: ready.length, lost: asked - ready.length, firstMs, lastMs };
  } finally {
    await room.close();
  }
}

async function readyAfter({ world }: Room, name: string, begun: number): Promise<number> {
  const key = { owner: world.key.owner, name };
  await world.start('good', key);
  await world.became('ready', key, 300_000);
  return performance.now() - begun;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
