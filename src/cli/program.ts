import { Command } from 'commander';
import { SetupError } from '../errors.ts';
import { registerBackup } from './backup.ts';
import { registerCheck } from './check.ts';
import { registerEdits } from './edits.ts';
import { registerInit } from './init.ts';
import { registerProxy } from './proxy.ts';
import { registerRecords } from './records.ts';
import { registerServe } from './serve.ts';
import { registerServers } from './servers.ts';
import { registerToken } from './token.ts';

/** All commands; bare `cylc-gateway` serves. A fault of the set-up is told in words, without a stack. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('cylc-gateway')
    .description('Every user of a site gets their own Cylc UI server in the browser.')
    .showHelpAfterError('(add --help for the options)');
  registerServe(program);
  const servers = registerRecords(program).get('servers');
  if (servers !== undefined) registerServers(servers);
  registerEdits(program);
  registerInit(program);
  registerCheck(program);
  registerBackup(program);
  registerToken(program);
  registerProxy(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    tell(error);
  }
}

function tell(error: unknown): void {
  if (!(error instanceof SetupError)) throw error;
  console.error(`cylc-gateway: ${error.message}\n  → ${error.advice}`);
  process.exitCode = error.exitCode;
}
