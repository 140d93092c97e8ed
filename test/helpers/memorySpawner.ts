import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { SpawnHandle, SpawnPlan, Spawner } from '../../src/spawners/types.ts';

/**
 * Servers inside this process, for tests of what is said of them. The option `workflow` says how one behaves: `slow`
 * takes 20 s, `dies` fails, all others are there at once.
 */
export function createMemorySpawner(contact: (env: Readonly<Record<string, string>>) => Promise<void>): Spawner {
  const running = new Map<string, Server>();
  const idOf = (handle: SpawnHandle): string => (handle.kind === 'job' ? handle.jobId : '');
  return {
    kind: 'account',
    async start(plan, _report, signal) {
      const mode = plan.options['workflow'];
      if (mode === 'dies') throw new Error('cannot go on: the moon is full');
      const server = createServer((_request, response) => response.end('{}'));
      running.set(plan.runFile, server);
      if (mode !== 'slow') await open(server, plan, contact);
      else setTimeout(() => void open(server, plan, contact).catch(() => undefined), 20_000).unref();
      signal.throwIfAborted();
      return { kind: 'job', jobId: plan.runFile };
    },
    recover: () => Promise.resolve(undefined),
    poll: (handle) =>
      Promise.resolve(running.has(idOf(handle)) ? { state: 'up' } : { state: 'gone', exitCode: 0, signal: null }),
    stop: (handle) => {
      const server = running.get(idOf(handle));
      running.delete(idOf(handle));
      server?.closeAllConnections();
      server?.close();
      return Promise.resolve();
    },
    forget: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function open(
  server: Server,
  plan: SpawnPlan,
  contact: (env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  if (plan.upstream.kind !== 'unix') throw new Error('expected a unix socket');
  const { path } = plan.upstream;
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await contact(plan.env);
}
