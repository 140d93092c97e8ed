import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { WebSocket } from 'ws';
import { endServers } from './endServers.ts';
import { startGateway } from './gateway.ts';
import type { GatewayProcess } from './gateway.ts';
import { makeSystemAccount } from './systemAccount.ts';
import type { SystemAccount } from './systemAccount.ts';
import { until } from './until.ts';
import { Visitor } from './visitor.ts';

/** The program on a site with real accounts, the site's own configuration of Cylc, and a real Cylc. Needs root. */
export interface CylcSite {
  gateway: GatewayProcess;
  /** What `CYLC_SITE_CONF_PATH` names where there is a `siteConfig`. */
  siteConf: string;
  people: readonly SystemAccount[];
  /** Signed in with a password; the same visitor each time. */
  signIn(account: string): Promise<Visitor>;
  close(): Promise<void>;
}

export interface CylcSiteOptions {
  cylc: string;
  people: number;
  /** `jupyter_config.py` of the site's UI servers. */
  siteConfig?: string;
  /** Options of the gateway, as environment variables. `$0`, `$1` … are the people's names, here and above. */
  env?: Record<string, string>;
}

export async function startCylcSite(options: CylcSiteOptions): Promise<CylcSite> {
  const people = Array.from({ length: options.people }, makeSystemAccount);
  const service = `cgw-test-${people[0]?.name ?? ''}`;
  // Takes any password.
  const permit = ['auth', 'account', 'session'].map((kind) => `${kind} required pam_permit.so\n`);
  await writeFile(`/etc/pam.d/${service}`, permit.join(''));
  const siteConf = await mkdtemp(join(tmpdir(), 'cylc-site-'));
  await mkdir(join(siteConf, 'uiserver'));
  await chmod(siteConf, 0o755);
  const named = (text: string): string => text.replaceAll(/\$(\d)/g, (_, at: string) => people[Number(at)]?.name ?? '');
  if (options.siteConfig !== undefined)
    await writeFile(join(siteConf, 'uiserver/jupyter_config.py'), named(options.siteConfig));
  const env = Object.entries(options.env ?? {}).map(([name, value]) => [name, named(value)]);
  const config = join(siteConf, 'gateway.yaml');
  await writeFile(config, `identity: { pam: { service: ${service} } }\n`);
  const gateway = await startGateway({
    args: ['--config', config],
    env: {
      CYLC_GATEWAY_SERVERS__CYLC: options.cylc,
      ...(options.siteConfig !== undefined && {
        CYLC_GATEWAY_SERVERS__ENVIRONMENT: JSON.stringify({ CYLC_SITE_CONF_PATH: siteConf }),
      }),
      ...(Object.fromEntries(env) as Record<string, string>),
    },
  });
  const visitors = new Map<string, Visitor>();
  return {
    gateway,
    siteConf,
    people,
    async signIn(account) {
      const known = visitors.get(account);
      if (known !== undefined) return known;
      const visitor = new Visitor(gateway.origin);
      const form = await visitor.get('/hub/login?next=/hub/home');
      const page = await visitor.submit(form, { name: account, password: 'any' }, /interaction/);
      if (!page.url.endsWith('/hub/home'))
        throw new Error(`sign-in of ${account}: ${page.status}\n${gateway.output()}`);
      visitors.set(account, visitor);
      return visitor;
    },
    async close() {
      await gateway.end();
      // Before the accounts go: the next one of the same number would own their processes
      endServers(gateway.dataDir);
      for (const person of people) person.remove();
      await rm(`/etc/pam.d/${service}`);
      await rm(siteConf, { recursive: true });
      await rm(gateway.dataDir, { recursive: true });
    },
  };
}

/** Starts the default server from its form and waits until the visitor is shown Cylc's page. */
export async function startServer(visitor: Visitor, owner: string, fields: Record<string, string> = {}): Promise<void> {
  await visitor.submit(await visitor.get(`/hub/spawn/${owner}`), fields, /spawn/);
  let last = '';
  await until(
    async () => {
      const page = await openServer(visitor, owner);
      last = `${page.status} ${page.body.slice(0, 1000)}`;
      return page.status === 200 && page.body.includes('<title>Cylc UI');
    },
    60_000,
    () => last,
  );
}

/** Runs a command as that account, with a login's environment and nothing else. */
export function runAs(person: SystemAccount, command: readonly string[], cylc: string): string {
  const user = ['--reuid', String(person.uid), '--regid', String(person.gid), '--init-groups', '--'];
  const { name: USER, home: HOME } = person;
  const env = { USER, LOGNAME: USER, HOME, LANG: 'C.UTF-8', PATH: `${dirname(cylc)}:/usr/bin:/bin` };
  return execFileSync('setpriv', [...user, ...command], { cwd: HOME, env, encoding: 'utf8', stdio: 'pipe' });
}

/** Writes a file of that account's, folders and all. */
export async function writeAs(person: SystemAccount, path: string, text: string): Promise<void> {
  const parts = path.split('/');
  for (let length = 1; length < parts.length; length += 1) {
    const folder = join(person.home, ...parts.slice(0, length));
    await mkdir(folder, { recursive: true });
    await chown(folder, person.uid, person.gid);
  }
  await writeFile(join(person.home, path), text);
  await chown(join(person.home, path), person.uid, person.gid);
}

export async function stopServer(visitor: Visitor, owner: string): Promise<void> {
  await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
  await until(async () => (await visitor.get(`/user/${owner}/`)).status === 424);
}

/** A page load of Cylc's GUI, through the sign-in at the server and the question that comes before it. */
export async function openServer(visitor: Visitor, owner: string) {
  const page = await visitor.get(`/user/${owner}/cylc/`);
  return page.body.includes('Open as') ? visitor.submit(page, {}, /authorize/) : page;
}

export interface GraphqlAnswer {
  status: number;
  /** Undefined where the body is no JSON. */
  data?: Record<string, unknown> | null;
  errors?: { message: string }[];
}

/** Headers of a script's request, with the token against forged ones. */
export function scripted(visitor: Visitor): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: '*/*',
    origin: visitor.origin,
    'sec-fetch-mode': 'cors',
    'sec-fetch-site': 'same-origin',
    'x-xsrftoken': visitor.cookie('_xsrf') ?? '',
  };
}

/** Status of the answer to a WebSocket handshake; 101 where it was made. */
export async function handshake(visitor: Visitor, path: string): Promise<number> {
  const socket = visitor.websocket(path);
  const status = await answerTo(socket);
  socket.terminate();
  return status;
}

async function answerTo(socket: WebSocket): Promise<number> {
  socket.on('error', () => {});
  return Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, answer]) => (answer as { statusCode: number }).statusCode),
  ]);
}

/** As the GUI asks: by a script, with the token against forged requests. */
export async function graphql(visitor: Visitor, owner: string, query: string): Promise<GraphqlAnswer> {
  const { status, body } = await visitor.get(`/user/${owner}/cylc/graphql`, {
    method: 'POST',
    follow: false,
    body: JSON.stringify({ query }),
    headers: scripted(visitor),
  });
  try {
    return { ...(JSON.parse(body) as GraphqlAnswer), status };
  } catch {
    return { status };
  }
}

/** What Cylc itself lets this visitor do: `nothing`, `read` or `control`. Asked by a query and a mutation, not by its own word. */
export async function levelAt(visitor: Visitor, owner: string): Promise<string> {
  const query = await graphql(visitor, owner, 'query { workflows { id } }');
  const mutation = await graphql(visitor, owner, 'mutation { stop(workflows: ["no-such-workflow"]) { result } }');
  const looks = allowed(query);
  const acts = allowed(mutation);
  if (looks === undefined || acts === undefined)
    return `query ${JSON.stringify(query)}, mutation ${JSON.stringify(mutation)}`;
  return acts ? 'control' : looks ? 'read' : 'nothing';
}

/**
 * The same over the WebSocket that the GUI keeps open: `look` or `nothing`, the status of the handshake where it is
 * refused. Nobody acts by it: Cylc takes subscriptions there alone.
 */
export async function socketLevelAt(visitor: Visitor, owner: string): Promise<string> {
  const socket = visitor.websocket(`/user/${owner}/cylc/subscriptions`, ['graphql-ws']);
  const opened = await answerTo(socket);
  try {
    if (opened !== 101) return String(opened);
    const said = new Map<string, string>();
    socket.on('message', (data: Buffer) => {
      const { id = '', type = '', payload } = JSON.parse(data.toString()) as Record<string, unknown>;
      if (type === 'data' || type === 'error') said.set(id as string, JSON.stringify(payload));
    });
    const ask = (id: string, query: string): void =>
      socket.send(JSON.stringify({ id, type: 'start', payload: { query } }));
    socket.send(JSON.stringify({ type: 'connection_init', payload: {} }));
    ask('look', 'subscription { logs(id: "no-such-workflow") { connected error } }');
    ask('act', 'mutation { stop(workflows: ["no-such-workflow"]) { result } }');
    await until(
      () => said.size === 2,
      60_000,
      () => JSON.stringify([...said]),
    );
    if (!said.get('act')!.includes('not defined')) return `acts: ${said.get('act')}`;
    return !said.get('look')!.includes('403') ? 'look' : 'nothing';
  } finally {
    socket.terminate();
  }
}

/** Cylc refuses with status 200 and an error of the words `HTTP 403`. Undefined where something else happened. */
function allowed({ status, errors }: GraphqlAnswer): boolean | undefined {
  if (status !== 200) return undefined;
  return !(errors ?? []).some(({ message }) => message.includes('403'));
}
