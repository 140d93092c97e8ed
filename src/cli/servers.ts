import type { Command } from 'commander';
import type { Config } from '../config/schema.ts';
import { SetupError } from '../errors.ts';
import { createGateway } from '../gateway.ts';
import { keyText } from '../servers/types.ts';
import type { ServerView } from '../servers/types.ts';
import { createLog } from '../telemetry/log.ts';
import { addCommonOptions, loadWithStore } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';
import { openControl, type ControlClient } from './controlClient.ts';
import { command, withControl } from './records.ts';
import { table } from './table.ts';

const running = new Set<ServerView['phase']>(['queued', 'starting', 'ready', 'stopping', 'unknown']);

/** What `servers` has besides the commands of every kind of record. */
export function registerServers(servers: Command): void {
  addCommonOptions(
    servers.command('stop [owner/name]').description('stop a server, or all, also if the gateway is down'),
  )
    .option('--all', 'all of them')
    .action(stop);
  command(servers, 'start <owner/name>', 'start a server with the options it had last').action(
    withControl(async (control, _, name) => {
      const key = name.includes('/') ? name : `${name}/`;
      await control.ask('POST', '/v1/servers/start', { server: key });
      console.log(control.live ? `Starting ${key}` : `${key} is started when the gateway is`);
    }),
  );
  command(servers, 'strays', 'servers that run without a record, as after the records were lost')
    .option('--stop', 'end them')
    .action(withControl(strays));
}

async function strays(control: ControlClient, options: { json?: boolean; stop?: unknown }): Promise<void> {
  const found = (await control.ask('GET', '/v1/strays'))['strays'] as Record<string, unknown>[];
  if (options.json === true) console.log(JSON.stringify(found, null, 2));
  else console.log(found.length === 0 ? 'No server without a record.' : table(['pid', 'uid', 'command'], found));
  if (options.stop !== true) return;
  for (const { pid } of found) {
    await control.ask('POST', '/v1/strays/end', { pid });
    console.log(`Ended ${String(pid)}`);
  }
}

async function stop(name: string | undefined, options: CommonOptions & { all?: boolean }): Promise<void> {
  if (name === undefined && options.all !== true)
    throw new SetupError('Which server?', { advice: 'Name it (alice/ or alice/nowcast), or say --all.', exitCode: 64 });
  const wanted = name === undefined || name.includes('/') ? name : `${name}/`;
  const { config, file } = await loadWithStore(options);
  const control = await openControl(config, file === null);
  try {
    if (control.live) return await stopLive(control, wanted);
  } finally {
    await control.close();
  }
  await stopLeft(options, wanted);
}

async function stopLive(control: ControlClient, wanted: string | undefined): Promise<void> {
  const { stopped, failed } = (await control.ask('POST', '/v1/servers/stop', { server: wanted ?? null })) as {
    stopped: string[];
    failed: { server: string; reason: string }[];
  };
  if (stopped.length + failed.length === 0) console.log('No server is running.');
  for (const server of stopped) console.log(`Stopped ${server}`);
  for (const { server, reason } of failed) console.error(`Did not stop ${server}: ${reason}`);
  if (failed.length > 0) throw notAll();
}

/** Works on the records of a gateway that is down: the store's lock keeps it off a running one. */
async function stopLeft(options: CommonOptions, wanted: string | undefined): Promise<void> {
  const { config, file } = await loadWithStore(options);
  const gateway = await createGateway({
    config: withoutSignIn(config),
    firstRun: file === null,
    log: createLog(config.log),
  });
  try {
    await gateway.servers.reconcile();
    const left = gateway.servers
      .list()
      .filter((server) => running.has(server.phase) && (wanted === undefined || keyText(server) === wanted));
    if (left.length === 0) console.log('No server is running.');
    const failed = await Promise.all(left.map((server) => stopOne(gateway.servers, server)));
    if (failed.includes(true)) throw notAll();
  } finally {
    await gateway.close();
  }
}

/** Servers can be stopped while a PAM service, a key set, a certificate or a provider is missing. */
function withoutSignIn(config: Config): Config {
  const { pam, ...identity } = config.identity;
  const { tls: _, ...listen } = config.listen;
  const signIn = { ...identity, issuers: [], oidc: undefined, pam: { ...pam, enabled: false } };
  return {
    ...config,
    dangerouslyAllowHttp: true,
    publicUrl: config.publicUrl ?? 'http://localhost',
    listen,
    identity: signIn,
  };
}

function notAll(): SetupError {
  return new SetupError('Not every server has stopped.', {
    advice: 'Look at the reasons above, then try again.',
    exitCode: 75,
  });
}

async function stopOne(
  servers: Awaited<ReturnType<typeof createGateway>>['servers'],
  server: ServerView,
): Promise<boolean> {
  try {
    await servers.stop(server, { by: 'command line' });
    console.log(`Stopped ${keyText(server)}`);
    return false;
  } catch (error) {
    console.error(`Did not stop ${keyText(server)}: ${(error as Error).message}`);
    return true;
  }
}
