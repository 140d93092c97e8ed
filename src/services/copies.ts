import type { ServiceConfig } from '../config/sections/services.ts';
import type { SystemUsers } from '../identity/systemUsers.ts';
import { besideOption } from '../servers/options.ts';
import type { Servers, ServerView } from '../servers/types.ts';
import { createInstance } from './instance.ts';
import type { Instance, InstanceParts } from './instance.ts';
import type { ServiceView } from './types.ts';

export interface CopiesParts extends InstanceParts {
  services: readonly ServiceConfig[];
  servers: Pick<Servers, 'list' | 'onChange'>;
  users: SystemUsers;
}

/**
 * Copies of services that people asked for in the options of their server's start: each runs as that person, is up while
 * the (default) server is, and is found at `/user/<person>/<service>/`.
 */
export function createCopies(parts: CopiesParts): { list(): ServiceView[]; begin(): void; close(): Promise<void> } {
  const { servers, routes, log, users } = parts;
  const offered = parts.services.filter(({ start }) => start === 'server');
  const copies = new Map<string, Instance>();
  let stopListening = (): void => {};

  function make(service: ServiceConfig, owner: string): Instance {
    const target = { kind: 'server', owner, name: service.name } as const;
    routes.declare(target);
    return createInstance(parts, {
      service,
      id: `${service.name}+${owner}`,
      owner,
      target,
      async user() {
        const user = await users.find(owner);
        if (user === undefined) throw new Error(`there is no account ${owner}`);
        return user;
      },
      environment: (prefix) =>
        Promise.resolve({ JUPYTERHUB_SERVICE_NAME: service.name, JUPYTERHUB_SERVICE_PREFIX: prefix }),
    });
  }

  function follow(view: ServerView): void {
    if (view.name !== '') return;
    for (const service of offered) {
      const id = `${service.name}+${view.owner}`;
      const copy = copies.get(id);
      if (view.phase === 'ready' && view.options[besideOption(service.name)] === true && copy === undefined) {
        const made = make(service, view.owner);
        copies.set(id, made);
        void made.start();
      }
      if (copy !== undefined && ['stopping', 'stopped', 'failed'].includes(view.phase)) {
        copies.delete(id);
        copy.stop().then(
          () => routes.forget({ kind: 'server', owner: view.owner, name: service.name }),
          (error: unknown) => log.error({ err: error, service: id }, 'service could not be stopped'),
        );
      }
    }
  }

  return {
    list: () => [...copies.values()].map((copy) => copy.view()),
    begin() {
      stopListening = servers.onChange(follow);
      if (offered.length > 0) for (const view of servers.list()) follow(view);
    },
    async close() {
      stopListening();
      await Promise.all([...copies.values()].map((copy) => copy.stop()));
    },
  };
}
