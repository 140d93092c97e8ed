import { Command } from 'commander';
import { registerProxy } from '../../../src/cli/proxy.ts';

/** `cylc-gateway proxy` from its source, so that nothing has to be built first. */
const program = new Command();
registerProxy(program);
await program.parseAsync();
