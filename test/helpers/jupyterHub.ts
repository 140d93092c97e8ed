import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cylcBin } from './requires.ts';
import { freePort } from './gateway.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');

export interface HubProcess {
  pid: number;
  origin: string;
  proxyApi: string;
  output(): string;
  /** JupyterHub's REST API, with the token of an admin service. */
  api(path: string, method?: string): Promise<Response>;
  end(): Promise<void>;
}

export const hubToken = 'a-token-of-an-admin-service';
export const proxyToken = 'a-token-of-the-proxy';

const ourProxy = [process.execPath, join(root, 'dist/src/main.js'), 'proxy'];
/** The one that it comes with. */
export const configurableHttpProxy = [
  process.execPath,
  join(root, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy'),
];

/** A real JupyterHub in `dir`, with `cylc hubapp` for its users and `cylc-gateway proxy` (or another) as its proxy. */
export async function startJupyterHub(dir: string, proxy: readonly string[] = ourProxy): Promise<HubProcess> {
  const [port, apiPort, hubPort] = [await freePort(), await freePort(), await freePort()];
  const bin = dirname(cylcBin() ?? '');
  mkdirSync(join(dir, 'home'));
  writeFileSync(
    join(dir, 'jupyterhub_config.py'),
    `
c = get_config()
c.JupyterHub.authenticator_class = 'dummy'
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = 'simple'
c.JupyterHub.bind_url = 'http://127.0.0.1:${port}'
c.JupyterHub.hub_bind_url = 'http://127.0.0.1:${hubPort}'
c.JupyterHub.db_url = 'sqlite:///${dir}/hub.sqlite'
c.JupyterHub.cookie_secret_file = '${dir}/cookie_secret'
c.JupyterHub.last_activity_interval = 1
c.JupyterHub.services = [{'name': 'test', 'api_token': '${hubToken}'}]
c.JupyterHub.load_roles = [{'name': 'test', 'services': ['test'], 'scopes': ['admin:servers', 'admin:users', 'proxy']}]
c.ConfigurableHTTPProxy.command = ${JSON.stringify(proxy)}
c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${apiPort}'
c.ConfigurableHTTPProxy.pid_file = '${dir}/proxy.pid'
c.ConfigurableHTTPProxy.check_running_interval = 1
c.SimpleLocalProcessSpawner.home_dir_template = '${dir}/home/{username}'
c.Spawner.cmd = ['${bin}/cylc', 'hubapp']
c.Spawner.args = ['--allow-root']
c.Spawner.default_url = '/cylc'
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
`,
  );
  const child = spawn(join(bin, 'jupyterhub'), ['-f', 'jupyterhub_config.py'], {
    cwd: dir,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env['PATH']}`,
      PYTHONDONTWRITEBYTECODE: '1',
      CONFIGPROXY_AUTH_TOKEN: proxyToken,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(
    () => child.exitCode !== null || output.includes('JupyterHub is now running'),
    60_000,
    () => output,
  );
  const origin = `http://127.0.0.1:${port}`;
  return {
    pid: child.pid!,
    origin,
    proxyApi: `http://127.0.0.1:${apiPort}/api/routes`,
    output: () => output,
    api: (path, method = 'GET') =>
      fetch(`${origin}/hub/api${path}`, { method, headers: { authorization: `token ${hubToken}` } }),
    end: () => endOf(child),
  };
}

/** JupyterHub ends its servers and its proxy with it. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
