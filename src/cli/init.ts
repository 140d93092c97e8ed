import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { configJsonSchema } from '../config/options.ts';
import { sampleConfig } from '../config/sampleFile.ts';
import { SetupError } from '../errors.ts';
import { gatewayVersion } from '../telemetry/version.ts';

export function registerInit(program: Command): void {
  program
    .command('init')
    .alias('generate-config')
    .description('write a configuration file with every option explained, and its schema for editors')
    .argument('[file]', 'where to', 'gateway.yaml')
    .option('--force', 'replace a file that is there')
    .option('--stdout', 'print it instead')
    .action(init);
}

async function init(
  file: string,
  { force = false, stdout = false }: { force?: boolean; stdout?: boolean },
): Promise<void> {
  const text = sampleConfig(gatewayVersion());
  if (stdout) {
    process.stdout.write(text);
    return;
  }
  const path = resolve(file);
  await write(path, text, force ? 'w' : 'wx');
  const schema = join(dirname(path), 'gateway.schema.json');
  await write(schema, `${JSON.stringify(configJsonSchema(), null, 2)}\n`, 'w');
  console.log(
    `Written: ${path}\n         ${schema} (for editors)\nAll options are commented out, so all defaults hold. With a configuration there are no sign-in links in the\nterminal: people sign in as \`identity\` says, by default with their system password.`,
  );
}

async function write(path: string, text: string, flag: 'w' | 'wx'): Promise<void> {
  try {
    await writeFile(path, text, { flag, mode: 0o640 });
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new SetupError(
      there ? `${path} is there already.` : `${path} cannot be written: ${(cause as Error).message}.`,
      {
        advice: there
          ? 'Name another file, print to the terminal with --stdout, or replace it with --force.'
          : 'Check the folder and its permissions.',
        exitCode: 73,
        cause,
      },
    );
  }
}
