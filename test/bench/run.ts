import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run bench -- NAME [options]`: runs `test/bench/NAME.ts`, whose `run(args)` prints what it measured; with `--json`
 * its last line is one JSON object with `ratios` and `figures`.
 */
const [name, ...args] = process.argv.slice(2);
const here = import.meta.dirname;
const names = readdirSync(here)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3));

if (name === undefined || !/^\w+$/.test(name) || !existsSync(join(here, `${name}.ts`))) {
  console.error(`usage: npm run bench -- NAME [--json] [--help]\nbenches: ${names.join(', ') || 'none yet'}`);
  process.exitCode = 64;
} else {
  const bench = (await import(join(here, `${name}.ts`))) as { run(args: readonly string[]): Promise<void> };
  await bench.run(args);
}
