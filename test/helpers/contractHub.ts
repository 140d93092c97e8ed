import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from './gateway.ts';
import { cylcBin } from './requires.ts';
import { until } from './until.ts';

export interface ContractHub {
  /** Of the Hub itself: `<origin>/hub/api`. */
  origin: string;
  close(): Promise<void>;
}

export interface ContractWorld {
  admins: readonly string[];
  groups: Readonly<Record<string, readonly string[]>>;
  services: Readonly<Record<string, { token: string; admin: boolean; url: string; scopes: readonly string[] }>>;
  patienceS: number;
}

/** A real JupyterHub that is spoken to without a proxy (test/contract/jupyterhub_config.py). */
export async function startContractHub(world: ContractWorld): Promise<ContractHub> {
  const [port, publicPort] = [await freePort(), await freePort()];
  const dir = await mkdtemp(join(tmpdir(), 'cgw-jh-'));
  const config = join(import.meta.dirname, '../contract/jupyterhub_config.py');
  const child = spawn(join(dirname(cylcBin() ?? ''), 'jupyterhub'), ['-f', config], {
    cwd: dir,
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      CONTRACT_WORLD: JSON.stringify({ ...world, port, publicPort }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const origin = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> =>
    fetch(`${origin}/hub/api/`).then(
      (answer) => answer.ok,
      () => false,
    );
  await until(
    async () => child.exitCode !== null || (await answers()),
    90_000,
    () => output,
  );
  if (child.exitCode !== null) throw new Error(`JupyterHub ended: ${output}`);
  return {
    origin,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}
