import { existsSync } from 'node:fs';
import { readinessOf } from '../../../src/servers/readiness.ts';
import { until } from '../../helpers/until.ts';
import { cpuMs } from './cpu.ts';
import { openRoom } from './rooms.ts';

/** Where the time of one warm start goes, ms from one mark to the next. */
export interface Parts {
  /** Wish accepted, record on disk, folder, tokens and plan made, forked. */
  launchMs: number;
  /** Cylc's own modules, Jupyter Server's set-up: until its socket is there. */
  setUpMs: number;
  /** Until it answers: jupyter_server and Cylc finish their start. */
  answerMs: number;
  /** Until it has called its Hub and the gateway has said ready. */
  readyMs: number;
  totalMs: number;
  /** What the server's process itself has computed by then: no gateway can be quicker than that on one core. */
  cpuMs: number;
}

export async function measureParts(rounds: number): Promise<Parts[]> {
  const room = await openRoom('warm');
  const all: Parts[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) all.push(await onePart(room, `part${round}`));
  } finally {
    await room.close();
  }
  return all;
}

async function onePart({ world }: Awaited<ReturnType<typeof openRoom>>, name: string): Promise<Parts> {
  const key = { owner: world.key.owner, name };
  const view = () => world.servers.get(key);
  const mark = async <T>(condition: () => T | Promise<T>): Promise<number> => {
    for (;;) {
      if (await condition()) return performance.now();
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  };
  const begun = performance.now();
  await world.start('good', key);
  const launched = await mark(() => view()?.pid);
  const { upstream, pid, prefix } = await until(view);
  const path = upstream?.kind === 'unix' ? upstream.path : '';
  const bound = await mark(() => existsSync(path));
  const answered = await mark(async () => (await readinessOf({ kind: 'unix', path }, prefix, 5000)) === 'answers');
  const ready = await mark(() => view()?.phase === 'ready');
  return {
    launchMs: launched - begun,
    setUpMs: bound - launched,
    answerMs: answered - bound,
    readyMs: ready - answered,
    totalMs: ready - begun,
    cpuMs: cpuMs(pid as number),
  };
}
