import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startGateway } from './gateway.ts';
import type { GatewayProcess } from './gateway.ts';
import { makeSystemAccount } from './systemAccount.ts';
import type { SystemAccount } from './systemAccount.ts';
import { until } from './until.ts';
import { Visitor } from './visitor.ts';

/** The program on a site with real accounts, the site's own configuration of Cylc, and a real Cylc. Needs root. */
export interface CylcSite {
  gateway: GatewayProcess;
  people: readonly SystemAccount[];
  /** Signed in by the link from the terminal; the same visitor each time. */
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
  const siteConf = await mkdtemp(join(tmpdir(), 'cylc-site-'));
  await mkdir(join(siteConf, 'uiserver'));
  await chmod(siteConf, 0o755);
  const named = (text: string): string => text.replaceAll(/\$(\d)/g, (_, at: string) => people[Number(at)]?.name ?? '');
  if (options.siteConfig !== undefined)
    await writeFile(join(siteConf, 'uiserver/jupyter_config.py'), named(options.siteConfig));
  const env = Object.entries(options.env ?? {}).map(([name, value]) => [name, named(value)]);
  const gateway = await startGateway({
    env: {
      CYLC_GATEWAY_SERVERS__CYLC: options.cylc,
      CYLC_GATEWAY_SERVERS__ENVIRONMENT: JSON.stringify({ CYLC_SITE_CONF_PATH: siteConf }),
      ...(Object.fromEntries(env) as Record<string, string>),
    },
  });
  const visitors = new Map<string, Visitor>();
  return {
    gateway,
    people,
    async signIn(account) {
      const known = visitors.get(account);
      if (known !== undefined) return known;
      const visitor = new Visitor(gateway.origin);
      const link = gateway.links().get(account);
      if (link === undefined) throw new Error(`no link for ${account} in:\n${gateway.output()}`);
      const page = await visitor.submit(await visitor.get(link));
      if (page.status !== 200) throw new Error(`sign-in of ${account}: ${page.status}`);
      visitors.set(account, visitor);
      return visitor;
    },
    async close() {
      await gateway.end();
      for (const person of people) person.remove();
      await rm(siteConf, { recursive: true });
      await rm(gateway.dataDir, { recursive: true });
    },
  };
}

/** Writes the account's own configuration of its UI server. */
export function writeOwnConfig(owner: SystemAccount, text: string): Promise<void> {
  return writeAs(owner, '.cylc/uiserver/jupyter_config.py', text);
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
  await until(async () => (await visitor.get(`/user/${owner}/`)).status === 424, 30_000);
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

/** As the GUI asks: by a script, with the token against forged requests. */
export async function graphql(visitor: Visitor, owner: string, query: string): Promise<GraphqlAnswer> {
  const { status, body } = await visitor.get(`/user/${owner}/cylc/graphql`, {
    method: 'POST',
    follow: false,
    body: JSON.stringify({ query }),
    headers: {
      'content-type': 'application/json',
      accept: '*/*',
      origin: visitor.origin,
      'sec-fetch-mode': 'cors',
      'sec-fetch-site': 'same-origin',
      'x-xsrftoken': visitor.cookie('_xsrf') ?? '',
    },
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

/** Cylc refuses with status 200 and an error of the words `HTTP 403`. Undefined where something else happened. */
function allowed({ status, errors }: GraphqlAnswer): boolean | undefined {
  if (status !== 200) return undefined;
  return !(errors ?? []).some(({ message }) => message.includes('403'));
}
