import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
/** Several projects need the program built; once a run is enough. */
const state = globalThis as { cylcGatewayBuilt?: true };

/** Builds `dist/` before the tests that run the program itself as a process. */
export function setup(): void {
  if (state.cylcGatewayBuilt) return;
  execFileSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: 'inherit' });
  state.cylcGatewayBuilt = true;
}
