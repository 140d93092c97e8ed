import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { LoadedConfig } from '../config/load.ts';
import { fromAssignment, merge } from '../config/overrides.ts';
import type { Tree } from '../config/overrides.ts';
import { SetupError } from '../errors.ts';
import { refuseFormerFolder, requireStore } from './dataFolder.ts';

/** Options of every command that reads the configuration. */
export interface CommonOptions {
  config?: string;
  data?: string;
  set: string[];
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (default: gateway.yaml, if it is there; or CYLC_GATEWAY_CONFIG)')
    .option('--data <folder>', 'folder of the store, keys and logs (dataDir)')
    .option(
      '--set <name=value>',
      'any option of the configuration, like listen.port=9000; may be repeated',
      collect,
      [],
    );
}

export async function loadFromOptions(options: CommonOptions, flags: Tree = {}): Promise<LoadedConfig> {
  const file = options.config ?? process.env['CYLC_GATEWAY_CONFIG'];
  const data: Tree = options.data === undefined ? {} : { dataDir: options.data };
  const overrides = [data, flags, ...options.set.map(assignment)].reduce(merge, {});
  const loaded = await loadConfig({
    env: process.env,
    cwd: process.cwd(),
    overrides,
    ...(file === undefined ? {} : { file }),
  });
  refuseFormerFolder(loaded);
  return loaded;
}

/** For the commands that work on the records of a gateway: refuses a folder that has none. */
export async function loadWithStore(options: CommonOptions): Promise<LoadedConfig> {
  const loaded = await loadFromOptions(options);
  requireStore(loaded);
  return loaded;
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function assignment(text: string): Tree {
  try {
    return fromAssignment(text);
  } catch (error) {
    throw new SetupError((error as Error).message, {
      advice: 'For example: --set listen.port=9000',
      exitCode: 64,
      cause: error,
    });
  }
}
