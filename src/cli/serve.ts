import type { Command } from 'commander';
import { createGateway } from '../gateway.ts';
import type { Gateway } from '../gatewayTypes.ts';
import { createLog } from '../telemetry/log.ts';
import { addCommonOptions, loadFromOptions } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';
import { noteOfJobs } from './cylc/noteOfJobs.ts';
import { surviveFaults } from './faults.ts';
import { giveBackWhenQuiet } from './quietMemory.ts';
import { banner, farewell } from './terminal.ts';

interface ServeOptions extends CommonOptions {
  host?: string;
  port?: string;
  publicUrl?: string;
}

export function registerServe(program: Command): void {
  addCommonOptions(program.command('serve', { isDefault: true }).description('run the gateway (the default command)'))
    .option('--host <address>', 'address to listen on (listen.host)')
    .option('--port <number>', 'port to listen on (listen.port)')
    .option('--public-url <url>', 'address under which browsers reach the gateway (publicUrl)')
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { config, file } = await loadFromOptions(options, {
    listen: {
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.port === undefined ? {} : { port: Number(options.port) }),
    },
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
  });
  const log = createLog(config.log);
  const end = (): void => void process.kill(process.pid, 'SIGTERM');
  const gateway = await createGateway({ config, firstRun: file === null, log, end });
  endOnSignals(gateway);
  process.on('SIGHUP', () => void gateway.reload());
  try {
    await gateway.listen();
  } catch (error) {
    await gateway.close();
    throw error;
  }
  surviveFaults(log, end);
  giveBackWhenQuiet();
  const firstRun = file === null;
  const jobs = noteOfJobs(config, { firstRun });
  process.stdout.write(banner(gateway, await gateway.signInLinks(), firstRun ? await jobs : undefined));
  if (firstRun) return;
  const note = await jobs;
  if (note !== undefined) log.warn(note);
}

/** The first signal ends politely, a second one at once; running servers go on in both cases, and we say so. */
function endOnSignals(gateway: Gateway): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    process.stdout.write(farewell(gateway, asked));
    if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
    asked = true;
    void gateway.close().then(
      () => process.exit(),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
