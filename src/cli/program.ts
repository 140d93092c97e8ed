import { Command } from 'commander';
import { SetupError } from '../errors.ts';
import { gatewayVersion } from '../telemetry/version.ts';
import { registerAudit } from './audit.ts';
import { commandFirst, refuseOptionsOfNpm } from './commandLine.ts';
import { registerBackup } from './backup.ts';
import { registerCheck } from './check.ts';
import { registerEdits } from './edits.ts';
import { registerInit } from './init.ts';
import { registerMaintenance } from './maintenance.ts';
import { registerProxy } from './proxy.ts';
import { registerRecords } from './records.ts';
import { registerServe } from './serve.ts';
import { registerServers } from './servers.ts';
import { keepHeapSmall } from './smallHeap.ts';
import { registerToken } from './token.ts';

/** All commands; bare `cylc-gateway` serves. A fault of the set-up is told in words, without a stack. */
export async function run(argv: readonly string[]): Promise<void> {
  keepHeapSmall();
  const program = new Command('cylc-gateway')
    .description('Every user of a site gets their own Cylc UI server in the browser.')
    .version(gatewayVersion())
    .showHelpAfterError('(add --help for the options)')
    // Taken over by the commands that are made from here on.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : usageFault));
  registerServe(program);
  const servers = registerRecords(program).get('servers');
  if (servers !== undefined) registerServers(servers);
  registerEdits(program);
  registerInit(program);
  registerCheck(program);
  registerBackup(program);
  registerAudit(program);
  registerMaintenance(program);
  registerToken(program);
  registerProxy(program);
  try {
    refuseOptionsOfNpm(process.env);
    const known = commandNames(program);
    const words = commandFirst(argv.slice(2), known);
    refuseUnknown(known, words[0]);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    tell(error);
  }
}

/** sysexits.h: the command line is wrong. */
const usageFault = 64;

function commandNames(program: Command): string[] {
  return program.commands.flatMap((command) => [command.name(), ...command.aliases()]);
}

/** A word that is no command would be taken for an argument of the default one. */
function refuseUnknown(known: readonly string[], word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || word === 'help') return;
  if (known.includes(word)) return;
  throw new SetupError(`There is no command ${word}.`, {
    advice: `There are: ${known.toSorted().join(', ')}. Each tells more with --help.`,
    exitCode: usageFault,
  });
}

function tell(error: unknown): void {
  if (!(error instanceof SetupError)) throw error;
  console.error(`cylc-gateway: ${error.message}\n  → ${error.advice}`);
  process.exitCode = error.exitCode;
}
