import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { ServiceConfig } from '../config/sections/services.ts';
import { GatewayError } from '../errors.ts';
import type { HubContract, HubService } from '../hub/types.ts';
import { createSystemUsers } from '../identity/systemUsers.ts';
import type { SystemUser, SystemUsers } from '../identity/systemUsers.ts';
import type { RouteTable } from '../proxy/types.ts';
import { readTail, redactText } from '../servers/logTail.ts';
import type { Programs } from '../servers/programs.ts';
import type { Servers } from '../servers/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { StoreDocument } from '../store/types.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { createCopies } from './copies.ts';
import { createInstance } from './instance.ts';
import type { Instance, InstanceParts } from './instance.ts';
import { createListedServices } from './listedServices.ts';
import { addressOf, hasWebPart, serviceLog } from './servicePlan.ts';
import type { CylcPlace } from './servicePlan.ts';
import type { Services, ServiceView } from './types.ts';

export interface ServicesOptions {
  config: Pick<Config, 'services'>;
  /** Names services too; without it those of the configuration are all. */
  admin?: StoreDocument<AdminData>;
  hub: Pick<HubContract, 'prepareService'>;
  servers: Pick<Servers, 'list' | 'onChange'>;
  routes: Pick<RouteTable, 'open' | 'close' | 'declare' | 'forget' | 'prefixOf'>;
  programs: Pick<Programs, 'list'>;
  users?: SystemUsers;
  runtimeDir: string;
  dataDir: string;
  clock: Clock;
  log: Logger;
  events?: Events;
}

export interface ServicesRoom extends Services {
  /** Starts what starts with the gateway. Call it once, after the Hub listens and the servers are found again. */
  begin(): Promise<void>;
  /** As the Hub API shows them. */
  forHub(): HubService[];
  close(): Promise<void>;
}

const longestIdleCheckMs = 10_000;

/** The site's services: one process each, kept running, and one for each person where they start beside a UI server. */
export function createServices(options: ServicesOptions): ServicesRoom {
  const { config, routes, hub, log, clock } = options;
  const ownUid = process.geteuid?.() ?? 0;
  const users = options.users ?? createSystemUsers();
  const shared: InstanceParts = { ...options, ownUid, cylc: () => findCylc(options.programs) };
  const managed = config.services.filter(({ kind, start }) => kind !== 'external' && start !== 'server');
  const instances = new Map<string, Instance>(managed.map((service) => [service.name, siteInstance(service)]));
  const copies = createCopies({ ...shared, services: config.services, servers: options.servers, users });
  const usedAt = new Map<string, number>();

  function siteInstance(service: ServiceConfig): Instance {
    return createInstance(shared, {
      service,
      id: service.name,
      owner: null,
      target: { kind: 'service', name: service.name },
      user: () => userOf(service, { users, ownUid }),
      environment: (prefix) => prepare(service, prefix),
    });
  }

  function prepare({ name, apiToken, url = '' }: ServiceConfig, prefix: string): Promise<Record<string, string>> {
    return hub.prepareService({ name, apiToken, prefix, url });
  }

  function external(service: ServiceConfig): ServiceView {
    const prefix = prefixOf(service);
    const { name, display } = service;
    const title = service.title === '' ? name : service.title;
    const fixed = { pid: null, restarts: 0, reason: null, since: new Date(0).toISOString() } as const;
    return { name, title, owner: null, phase: 'ready', managed: false, prefix, display, ...fixed };
  }

  function prefixOf(service: ServiceConfig): string {
    return hasWebPart(service) ? routes.prefixOf({ kind: 'service', name: service.name }) : '';
  }

  async function beginExternal(service: ServiceConfig): Promise<void> {
    if (service.url !== undefined) routes.open({ kind: 'service', name: service.name }, addressOf(service.url));
    await prepare(service, prefixOf(service));
  }

  function stopIdle(): void {
    for (const { name, start, idleS } of managed)
      if (start === 'visit' && clock.now() - (usedAt.get(name) ?? 0) > idleS * 1000) void instances.get(name)?.stop();
  }

  const one = (name: string): Instance => {
    const instance = instances.get(name);
    if (instance === undefined) throw new GatewayError('request.not-found');
    return instance;
  };

  let timer: NodeJS.Timeout | undefined;
  const reserved = config.services.map(({ name }) => name);
  const listed =
    options.admin === undefined ? undefined : createListedServices({ admin: options.admin, routes, reserved, log });
  return {
    list: () => [
      ...[...instances.values()].map((instance) => instance.view()),
      ...config.services.filter(({ kind }) => kind === 'external').map(external),
      ...(listed?.list() ?? []),
      ...copies.list(),
    ],
    async wake(name) {
      if (!managed.some((service) => service.name === name && service.start === 'visit')) return;
      usedAt.set(name, clock.now());
      await one(name).start();
    },
    touch: (name) => void usedAt.set(name, clock.now()),
    async restart(name, by) {
      log.info({ service: name, by }, 'restart of a service asked for');
      options.events?.emit('deed', { what: 'service.restarted', target: `service ${name}` });
      await one(name).stop();
      usedAt.set(name, clock.now());
      await one(name).start();
    },
    forHub: () =>
      config.services.map((service) =>
        toHubService(service, {
          pid: instances.get(service.name)?.view().pid ?? 0,
          prefix: routes.prefixOf({ kind: 'service', name: service.name }),
        }),
      ),
    log: async (name, lines) => redactText(await readTail(serviceLog(options.dataDir, one(name).id), lines), []),
    async begin() {
      for (const service of config.services) {
        if (service.kind === 'external') await beginExternal(service);
        else if (service.start === 'gateway') void instances.get(service.name)?.start();
      }
      copies.begin();
      const soonest = Math.min(...managed.map(({ idleS }) => idleS * 1000));
      timer = setInterval(stopIdle, Math.min(longestIdleCheckMs, soonest / 2)).unref();
    },
    async close() {
      clearInterval(timer);
      listed?.close();
      await Promise.all([...instances.values()].map((instance) => instance.stop()));
      await copies.close();
    },
  };
}

function toHubService(service: ServiceConfig, { pid, prefix }: { pid: number; prefix: string }): HubService {
  const { name, admin, url = '', command, display, scopes, oauthNoConfirm, oauthRedirectUri } = service;
  const where = hasWebPart(service) ? prefix : '';
  const redirectUri = oauthRedirectUri ?? (where === '' ? undefined : `${where}oauth_callback`);
  return {
    name,
    admin,
    url,
    prefix: where,
    command,
    pid,
    info: {},
    display,
    scopes,
    ...(redirectUri === undefined ? {} : { oauth: { redirectUri, noConfirm: oauthNoConfirm } }),
  };
}

/** A root gateway runs nothing as root that it was not told to. */
async function userOf(
  service: ServiceConfig,
  { users, ownUid }: { users: SystemUsers; ownUid: number },
): Promise<SystemUser> {
  if (service.user === undefined && ownUid === 0)
    throw new Error(`say which account it is to run as: \`user\` of the service ${service.name}`);
  const user = await users.find(service.user ?? ownUid);
  if (user === undefined) throw new Error(`there is no account ${service.user}`);
  return user;
}

/** The Python of the first Cylc that has Cylc Review: one whose command is a plain Python script. */
function findCylc(programs: Pick<Programs, 'list'>): CylcPlace | undefined {
  for (const { kind, path, python } of programs.list())
    if (kind === 'cylc' && python !== undefined) return { path, python: python.python };
  return undefined;
}
