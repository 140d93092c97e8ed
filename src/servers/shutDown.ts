import type { Logger } from '../telemetry/log.ts';
import type { Servers } from './types.ts';

/** The answer to whoever asked is on its way meanwhile, ms. */
const lastWordMs = 200;

/** The gateway ends because it was asked to by its API; the servers first, where that was asked for too. */
export async function shutDown(of: { servers: Servers; stop: boolean; end: () => void; log: Logger }): Promise<void> {
  const { servers, stop, end, log } = of;
  await new Promise((resolve) => {
    setTimeout(resolve, lastWordMs);
  });
  if (stop) {
    const stops = servers.list().map((view) => servers.stop(view, { by: 'shutdown' }));
    for (const result of await Promise.allSettled(stops))
      if (result.status === 'rejected') log.error({ err: result.reason as unknown }, 'a server did not stop');
  }
  end();
}
