import type { RouteTable } from '../proxy/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { StoreDocument } from '../store/types.ts';
import type { ServiceView } from './types.ts';

/** Nothing is known of a process that is not ours. */
const unmanaged = {
  owner: null,
  phase: 'ready',
  managed: false,
  display: true,
  pid: null,
  restarts: 0,
  reason: null,
  since: new Date(0).toISOString(),
} as const;

export interface ListedServices {
  list(): ServiceView[];
  close(): void;
}

/**
 * Services that `admin.json` names, besides those of the configuration: web applications that run already, each under
 * `/services/<name>/`. Keeps the routes as the file says; a changed service is closed first, so that who may not use it
 * any more is cut off.
 */
export function createListedServices(parts: {
  admin: StoreDocument<AdminData>;
  routes: Pick<RouteTable, 'open' | 'forget' | 'prefixOf'>;
  /** Names that the configuration has given: it comes first. */
  reserved: readonly string[];
  log: { warn(fields: object, message: string): void };
}): ListedServices {
  const { admin, routes, reserved, log } = parts;
  const place = (name: string): void => {
    if (reserved.includes(name))
      return log.warn(
        { service: name },
        'the configuration has a service of that name: the one in admin.json is left out',
      );
    const service = admin.data.services[name];
    if (service === undefined) routes.forget({ kind: 'service', name });
    else routes.open({ kind: 'service', name }, { ...service.upstream });
  };
  for (const name of Object.keys(admin.data.services)) place(name);
  const stop = admin.onChange(({ changes }) => {
    for (const { map, key } of changes) if (map === 'services') place(key);
  });
  return {
    list: () =>
      Object.entries(admin.data.services)
        .filter(([name]) => !reserved.includes(name))
        .map(([name, { title = name }]) => {
          const prefix = routes.prefixOf({ kind: 'service', name });
          return Object.assign({ name, title, prefix }, unmanaged);
        }),
    close: stop,
  };
}
