import type { Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { ServiceConfig } from '../config/sections/services.ts';
import type { SystemUser } from '../identity/systemUsers.ts';
import type { RouteTable } from '../proxy/types.ts';
import { answersAt } from '../servers/readiness.ts';
import type { Upstream } from '../servers/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { keepRunning } from './keepRunning.ts';
import type { ProcessPlan } from './runProcess.ts';
import { hasWebPart, planOf, upstreamOf } from './servicePlan.ts';
import type { CylcPlace } from './servicePlan.ts';
import type { ServiceView } from './types.ts';

/** What all instances share. */
export interface InstanceParts {
  routes: Pick<RouteTable, 'open' | 'close' | 'declare' | 'forget' | 'prefixOf'>;
  cylc: () => CylcPlace | undefined;
  runtimeDir: string;
  dataDir: string;
  ownUid: number;
  clock: Clock;
  log: Logger;
}

export interface InstanceSpec {
  service: ServiceConfig;
  /** Names its log and socket. */
  id: string;
  /** Whose copy it is; null for the one of the site. */
  owner: string | null;
  target: Target;
  /** Whom it runs as; rejects where that cannot be. */
  user: () => Promise<SystemUser>;
  /** `JUPYTERHUB_*`, made anew for each start. */
  environment: (prefix: string) => Promise<Record<string, string>>;
}

export interface Instance {
  readonly id: string;
  view(): ServiceView;
  /** Resolves when it is up, or it is plain that it will not be right now. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const probeTimeoutMs = 5000;

/** One running copy of a service: its process, and its route while it answers. */
export function createInstance(parts: InstanceParts, spec: InstanceSpec): Instance {
  const { routes, clock, log } = parts;
  const { service, id, owner, target } = spec;
  const prefix = routes.prefixOf(target);
  const isWeb = hasWebPart(service);
  let upstream: Upstream | undefined;

  async function plan(): Promise<ProcessPlan> {
    const user = await spec.user();
    const hubEnvironment = await spec.environment(isWeb ? prefix : '');
    const known = { ...parts, service, user, prefix, id, hubEnvironment, cylc: parts.cylc() };
    upstream = await upstreamOf(known);
    return planOf({ ...known, upstream });
  }

  const kept = keepRunning({
    name: id,
    plan,
    probe: isWeb
      ? async () => upstream !== undefined && (await answersAt(upstream, prefix, probeTimeoutMs))
      : undefined,
    onUp: () => {
      if (upstream !== undefined) routes.open(target, upstream);
    },
    onDown: () => routes.close(target),
    clock,
    log,
  });

  return {
    id,
    view() {
      const { name, display } = service;
      const { phase, pid, since, restarts, reason } = kept;
      const title = service.title === '' ? name : service.title;
      const where = isWeb ? prefix : '';
      return { name, title, owner, phase, managed: true, prefix: where, pid, since, restarts, reason, display };
    },
    start() {
      kept.start();
      return kept.settled();
    },
    stop: () => kept.stop(),
  };
}
