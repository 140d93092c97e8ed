import { createSiteAccess } from './access/siteAccess.ts';
import type { Account } from './access/types.ts';
import { closeWhatEnds } from './closeWhatEnds.ts';
import { systemClock } from './clock.ts';
import { createControl } from './control/createControl.ts';
import { createHub } from './hub/createHub.ts';
import { createAccounts } from './identity/accounts.ts';
import { createIdentity } from './identity/createIdentity.ts';
import type { IdentityRoom } from './identity/createIdentity.ts';
import { createPeople } from './identity/people.ts';
import { clientOf } from './listen/clientAddress.ts';
import { createListening } from './listen/createListening.ts';
import { loadPeerCredentials } from './listen/peerCredentials.ts';
import { createOrigins } from './origins/createOrigins.ts';
import { assetNames, loadAssets } from './pages/assets.ts';
import { createPages } from './pages/createPages.tsx';
import { createNothingHere } from './pages/nothingHere.ts';
import { pageHeaders } from './pages/pageHeaders.ts';
import { createShell } from './pages/shell.ts';
import { standInNotice } from './pages/standInNotice.ts';
import { createRenderView } from './pages/signInViews.tsx';
import { createHop } from './proxy/hop.ts';
import { createRoutes } from './proxy/routes.ts';
import { createServers } from './servers/createServers.ts';
import { createPrograms } from './servers/programs.ts';
import { shutDown } from './servers/shutDown.ts';
import { chooseRuntimeDir, prepareRuntimeDir } from './servers/sockets.ts';
import { createJobPool } from './spawners/pool.ts';
import { createSpawners } from './spawners/createSpawners.ts';
import { createServices } from './services/createServices.ts';
import { createShares } from './shares/createShares.ts';
import { watchShares } from './shares/watchShares.ts';
import { openStore } from './store/open.ts';
import type { OnWrite } from './store/writer.ts';
import type { Gateway, GatewayOptions } from './gatewayTypes.ts';
import { createMaintenance } from './maintenance.ts';
import { mountApp } from './mountApp.ts';
import { observe } from './observe.ts';
import { openDoor } from './openDoor.ts';
import { createEvents } from './telemetry/events.ts';
import { RequestCounts } from './telemetry/requestCounts.ts';
import { createVisits } from './telemetry/visits.ts';
import { gatewayVersion } from './telemetry/version.ts';
import { publicUrlOf } from './config/publicAddress.ts';
import { createUrls } from './urls.ts';

/** Builds every part once from the configuration and connects them; the only place that does. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, firstRun, log, clock = systemClock, end = () => {} } = options;
  const { dataDir, listen } = config;
  const publicUrl = publicUrlOf(config);
  const urls = createUrls(publicUrl, config.userDomain);
  const basePath = urls.base.slice(0, -1);
  const uid = process.geteuid?.() ?? 0;
  const people = createPeople({ firstRun });
  const [events, counts] = [createEvents(log), new RequestCounts()];
  const onWrite: OnWrite = (write) => events.emit('stored', write);
  const sudo = config.servers.sudo !== undefined;
  const peerOf = await loadPeerCredentials({ required: uid === 0 || sudo });
  const store = await openStore({ dataDir, clock, log, people, onWrite });
  const runtimeDir = chooseRuntimeDir({ configured: config.runtimeDir, dataDir, uid, sudo });
  await prepareRuntimeDir(runtimeDir, uid, sudo);

  const maintenance = createMaintenance({ admin: store.admin, clock });
  const closedTo = (account: Account) => maintenance.refusal(account, 'pages');
  const accounts = createAccounts({ admin: store.admin, clock, firstRun, ...config.access });
  const access = createSiteAccess({
    ...config.access,
    shares: () => Object.values(store.admin.data.shares),
    onChange: (listener) => void store.admin.onChange(listener),
    serviceGroups: (name) =>
      (config.services.find((service) => service.name === name) ?? store.admin.data.services[name])?.groups,
    now: () => clock.now(),
  });
  const programs = createPrograms({
    configured: config.servers.cylc,
    dataDir,
    searchPath: process.env['PATH'],
    environments: config.environments,
  });
  const assets = await loadAssets();
  let identity: IdentityRoom | undefined;
  const shell = createShell(urls, {
    asset: assetNames(assets),
    csrfToken: (who, action) => identity?.csrf.token(who.sessionId, action) ?? '',
    mayStart: (who, key) => access.mayStart(who, { kind: 'server', ...key }).allowed,
    standIn: programs.list()[0]?.kind === 'stand-in' ? standInNotice : undefined,
  });
  identity = await createIdentity({
    config,
    publicUrl,
    dataDir,
    store,
    accounts,
    firstRun,
    clientOf,
    pamPool: () => createJobPool({ jobs: 'pam', threads: config.identity.pam.threads, tasksPerThread: 1 }),
    clock,
    log,
    events,
    closedTo,
    fetchOwn: (url, init) => listening.fetchOwn(url, init),
    render: createRenderView(shell, maintenance.notice),
    pageHeaders: pageHeaders(urls),
  });
  const { identify, sessions, csrf, provider } = identity;
  const listening = await createListening({ config: listen, urls, provider, runtimeDir, log });

  const hub = createHub({
    config,
    store,
    accounts,
    access,
    shareOf: (...of) => access.shareOf(...of),
    mayStart: (...of) => access.mayStart(...of),
    urls,
    runtimeDir,
    peerOf,
    loopback: config.services.length > 0,
    clock,
    log,
    events,
    closedTo: (...of) => maintenance.refusal(...of),
    version: gatewayVersion(),
  });
  const routes = createRoutes({ basePath });
  const spawners = await createSpawners({ config, dataDir, runtimeDir, accounts, urls, uid, clock, log });
  const { nodes, tls, pool } = spawners;
  const servers = createServers({
    config,
    store,
    accounts,
    routes,
    programs,
    commands: spawners.commands,
    urls,
    runtimeDir,
    dataDir,
    clock,
    log,
    events,
    hub: hub.contract,
    beside: config.services.filter(({ start }) => start === 'server'),
    spawners: spawners.all,
    tls,
  });
  const services = createServices({
    config,
    admin: store.admin,
    servers,
    routes,
    programs,
    runtimeDir,
    dataDir,
    clock,
    log,
    events,
    hub: hub.contract,
  });
  hub.attach({
    servers,
    shares: () => shares,
    services: () => services.forHub(),
    identify: maintenance.guardServers(identify),
    csrf,
    routes,
    keys: () => identity.keyring.publicSet(),
    endSessions: (account) => sessions.revokeAll(account, 'hub'),
    audit: () => observation.audit,
    shutdown: ({ servers: stop }) => void shutDown({ servers, stop, end, log }),
  });

  const hop = createHop({
    config: config.proxy,
    publicUrl,
    secretHeaders: identity.credentialHeaders,
    sharesOrigin: (kind) => kind === 'service' || config.userDomain === undefined,
    tls,
    log,
    clock,
    counts,
    onCarry: createVisits(events),
    onActivity: (target) => {
      if (target.kind === 'server') servers.touch(target);
      else services.touch(target.name);
    },
  });
  const watch = watchShares({ admin: store.admin, access, servers, sessions, hop, tls, clock, log });
  const stopMaintenance = maintenance.watch(hop.connections);
  const shares = createShares({ admin: store.admin, accounts, needsRestart: watch.needsRestart, clock, log });
  const { tokenOffice: tokens } = hub;
  const live = { tokens, servers, accounts, sessions, hop };
  const control = createControl({ config, store, people, ...live, runtimeDir, clock, log });
  const origins = createOrigins({ domain: config.userDomain, urls, identity, clock, events });
  const told = { events, counts, clock, log };
  const observation = observe({ config, store, identity, hub, hop, servers, services, pool, ...told });
  const pages = createPages({
    shell,
    assets,
    csrf,
    identify,
    sessions,
    servers,
    shares,
    shareCodes: hub.shareCodes,
    shareLinks: hub.shareLinks,
    services,
    mayOpen: (who, target) => access(who, target).allowed,
    store,
    clock,
    log,
    events,
    closedTo,
    audit: observation.audit,
    desk: control.desk,
    tokens: hub.tokenDesk,
    apiCalls: hub.calls,
  });
  const app = mountApp({
    urls,
    api: hub.app,
    signIn: identity.app,
    pages,
    origins: origins.app,
    operations: observation.app,
    nothingHere: createNothingHere(shell),
  });

  const rooms = { identity, hub, access, routes, servers, services, origins, listening, hop, maintenance };
  const door = await openDoor({ config, urls, shell, app, ...rooms, ...told });
  closeWhatEnds({ routes, hop, sessions, hub, admin: store.admin, log });

  return {
    urls,
    servers,
    programs: Array.from(programs.list(), ({ title }) => title).join(', '),
    notes: identity.notes,
    signInLinks: () => identity.signInLinks(),
    async listen() {
      await hub.listen();
      if (nodes !== undefined) await hub.listenForNodes(nodes);
      await listening.listen(door);
      await observation.listening(door);
      await control.listen();
      await servers.reconcile();
      nodes?.settled();
      observation.reconciled();
      await services.begin();
    },
    reload: () => listening.reload(),
    async close() {
      door.close();
      await control.close();
      watch.close();
      stopMaintenance();
      await listening.close();
      await hop.close();
      door.closeAllConnections();
      await services.close();
      await servers.close();
      await spawners.close();
      await hub.close();
      identity.close();
      await observation.close();
      await store.close();
    },
  };
}
