import { once } from 'node:events';
import { createServer } from 'node:net';
import { listenAt } from '../../../listen/listening.ts';
import { fromError } from '../runCheck.ts';
import type { Check, Finding } from '../types.ts';

/** That the gateway can have its ports: it holds them, or they are free. */
export const port: Check = {
  name: 'Port',
  look({ config: { listen, metrics, hub, spawners }, live }) {
    const { host, redirectPort } = listen;
    const nodes = spawners.slurm !== undefined || Object.keys(spawners.command).length > 0;
    const places = [
      ...(listen.socket === undefined ? [{ host, port: listen.port }] : []),
      ...(redirectPort === undefined ? [] : [{ host, port: redirectPort }]),
      ...(metrics.listen === undefined ? [] : [metrics.listen]),
      ...(nodes ? [hub.listen] : []),
    ];
    if (live)
      return places.map(({ port: number }) => ({ outcome: 'ok', what: `${number}: the running gateway's own.` }));
    return Promise.all(places.map(tryPort));
  },
};

async function tryPort(place: { host: string; port: number }): Promise<Finding> {
  const server = createServer();
  try {
    await listenAt(server, place);
  } catch (error) {
    return fromError(error);
  }
  server.close();
  await once(server, 'close');
  return { outcome: 'ok', what: `${place.host}:${place.port} is free.` };
}
