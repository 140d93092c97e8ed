import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { closureOf, files, importsOf, isOurs, read, repository } from '../helpers/sources.ts';
import type { Import } from '../helpers/sources.ts';

/**
 * Who may import whom. A room is a folder of `src/` or a file beside it. A new room needs a line here; a new arrow
 * needs a reason. `types.ts` and `store/schema.ts` hold the words of a room: everybody may use those.
 */
const everyone = new Set([
  'errors',
  'clock',
  'urls',
  'ownHeaders',
  'userLabels',
  'config',
  'telemetry',
  'listen',
  'processes',
]);
/** What a whole gateway is made of. */
const rooms = [
  'pages',
  'hub',
  'control',
  'services',
  'shares',
  'servers',
  'spawners',
  'identity',
  'access',
  'store',
  'proxy',
  'origins',
];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  main: ['cli'],
  cli: ['gateway', 'gatewayTypes', 'chp', ...rooms],
  closeWhatEnds: rooms,
  gateway: ['gatewayTypes', 'mountApp', 'closeWhatEnds', 'observe', 'openDoor', 'maintenance', ...rooms],
  gatewayTypes: rooms,
  observe: rooms,
  openDoor: ['authorize', 'maintenance', ...rooms],
  maintenance: ['access', 'identity', 'proxy', 'store'],
  chp: ['proxy'],
  origins: ['proxy', 'identity'],
  edge: ['authorize', 'identity', 'access', 'proxy'],
  authorize: ['identity', 'access', 'proxy'],
  pages: ['servers', 'access', 'identity', 'store'],
  shares: ['servers', 'access', 'identity', 'store'],
  control: ['servers', 'access', 'identity', 'store'],
  hub: ['servers', 'access', 'identity', 'store'],
  services: ['servers', 'access', 'identity', 'store', 'spawners'],
  servers: ['spawners', 'store', 'access'],
  spawners: ['workers'],
  identity: ['access', 'store', 'workers'],
  proxy: ['access', 'identity'],
  store: [],
  config: [],
  telemetry: [],
  access: [],
  errors: ['errorKinds'],
  errorKinds: [],
  clock: [],
  urls: [],
  ownHeaders: [],
  mountApp: [],
  userLabels: [],
  listen: [],
  processes: [],
  workers: ['processes'],
};
/** Rooms that do no I/O and load nothing but each other. */
const pure = new Set(['access', 'errors', 'errorKinds', 'clock']);

const sources = files('src/**/*.{ts,tsx}', 'workers/**/*.ts').filter((path) => !path.startsWith('src/pages/browser'));
const imports = sources.flatMap(importsOf);

function room(path: string): string {
  const [top = '', second = ''] = path.split('/');
  return top === 'workers' ? 'workers' : second.replace(/\.tsx?$/, '');
}

function isWord(path: string): boolean {
  return path.endsWith('/types.ts') || path === 'src/store/schema.ts';
}

function allowed({ from, to }: Import): boolean {
  if (!isOurs(to) || isWord(to) || room(from) === room(to)) return true;
  if (room(from) === 'workers') return to === 'src/errors.ts' || room(to) === 'processes';
  if (mayImport[room(from)]?.includes(room(to)) === true) return true;
  return !pure.has(room(from)) && everyone.has(room(to));
}

function arrows(found: readonly Import[]): string[] {
  return found.map(({ from, to }) => `${from} → ${to}`);
}

test('imports go one way', () => {
  expect(arrows(imports.filter((one) => !allowed(one)))).toEqual([]);
});

test('every room has a line in the table', () => {
  expect([...new Set(sources.map(room))].filter((name) => !(name in mayImport))).toEqual([]);
});

test('every import leads to a file that is there', () => {
  const missing = imports.filter(({ to }) => isOurs(to) && !existsSync(join(repository, to)));
  expect(arrows(missing)).toEqual([]);
});

test('access, errors and clock load no package at all', () => {
  const packages = imports.filter(({ from, to, typeOnly }) => pure.has(room(from)) && !isOurs(to) && !typeOnly);
  expect(arrows(packages)).toEqual([]);
});

test('the hub, pages and servers reach the spawners only through their own interface', () => {
  const direct = imports.filter(
    ({ from, to }) => room(to) === 'workers' && !['spawners', 'identity'].includes(room(from)),
  );
  expect(arrows(direct.filter(({ from }) => room(from) !== 'workers'))).toEqual([]);
});

test('nothing that the gate or the edge loads is of Node', () => {
  const packages = ['jose', 'hono', 'zod'];
  const ours = /^(hono|jose|zod)(\/|$)/;
  for (const entry of ['src/authorize.ts', 'src/edge.ts'].filter((path) => sources.includes(path))) {
    const bad = [...closureOf(entry)].filter(([name]) => !isOurs(name) && !ours.test(name));
    expect(
      bad.map(([, chain]) => chain.join(' → ')),
      `only ${packages.join(', ')} may be loaded`,
    ).toEqual([]);
  }
});

test('a thread of workers/ loads little: our own workers and errors, and packages of Node', () => {
  const heavy = /^(hono|@hono|jose|zod|pino|piscina|undici|lowdb|oidc-provider|openid-client)/;
  const loaded = imports.filter(({ from, to, typeOnly }) => room(from) === 'workers' && !typeOnly && heavy.test(to));
  expect(arrows(loaded)).toEqual([]);
});

test('each package that may be replaced one day is behind one file', () => {
  // `koffi` is in two: a thread (PAM) may not load the store (an exchange of two files).
  for (const name of ['lowdb', 'prom-client', 'piscina', 'yaml', 'commander']) {
    const rooms = new Set(
      imports.filter(({ to }) => to === name || to.startsWith(`${name}/`)).map(({ from }) => room(from)),
    );
    expect(rooms.size, `${name} is imported by ${[...rooms].join(', ')}`).toBeLessThanOrEqual(1);
  }
});

test('files stay short enough to be read', () => {
  const longest = 300;
  const long = sources.filter((path) => read(path).split('\n').length > longest);
  expect(long).toEqual([]);
});

test('no barrels, and no default exports but where a thread or workerd wants one', () => {
  const barrels = sources.filter((path) => /\/index\.tsx?$/.test(path));
  const defaults = sources.filter((path) => /^export default/m.test(read(path)));
  expect(barrels).toEqual([]);
  expect(defaults.filter((path) => !path.startsWith('workers/') && path !== 'src/edge.ts')).toEqual([]);
});
