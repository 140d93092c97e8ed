import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repository } from '../helpers/sources.ts';
import type { RunningWorker } from './workerd.ts';

/**
 * Runs the bundle that is deployed in workerd alone: requests reach the Worker as they were sent, where `wrangler dev`
 * puts a proxy of its own in between, which tidies them.
 */
export async function startBareWorkerd(vars: Readonly<Record<string, string>>): Promise<RunningWorker> {
  const folder = await mkdtemp(join(tmpdir(), 'gw-workerd-'));
  await bundle(folder);
  await writeFile(join(folder, 'config.capnp'), await configOf(vars));
  const child = spawn(await workerdPath(), ['serve', '--control-fd=3', join(folder, 'config.capnp')], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr!.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdio[3]!.on('data', (line: Buffer) => resolve(Number(/"port":(\d+)/.exec(line.toString())?.[1])));
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`workerd ended:\n${said}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      child.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function bundle(folder: string): Promise<void> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
  const args = ['deploy', '--dry-run', '--outdir', folder];
  await promisify(execFile)('node_modules/.bin/wrangler', args, { cwd: repository, env });
}

async function configOf(vars: Readonly<Record<string, string>>): Promise<string> {
  const toml = await readFile(join(repository, 'wrangler.toml'), 'utf8');
  const date = /compatibility_date = "(.+)"/.exec(toml)?.[1] ?? '';
  const bindings = Object.entries(vars).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "edge.js", esModule = embed "edge.js")],
      compatibilityDate = "${date}",
      bindings = [${bindings.join(', ')}],
    )),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}

/** The program that came with wrangler for this machine; the command of the package would not pass the descriptor on. */
async function workerdPath(): Promise<string> {
  const packages = join(repository, 'node_modules/@cloudflare');
  const name = (await readdir(packages)).find((folder) => folder.startsWith('workerd-')) ?? '';
  return join(packages, name, 'bin/workerd');
}
