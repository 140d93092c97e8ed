import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { configOptions } from '../../src/config/options.ts';
import type { Option } from '../../src/config/options.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { read } from '../helpers/sources.ts';

const page = read('docs/migrate.md');
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .join('\n');
const classes = [
  'JupyterHub',
  'Authenticator',
  'LocalAuthenticator',
  'PAMAuthenticator',
  'Spawner',
  'LocalProcessSpawner',
];

describeWith(['cylc'], 'the page for those who come from JupyterHub', () => {
  test('has a line for every option that the installed JupyterHub has', () => {
    const jupyterhub = join(dirname(cylcBin() ?? ''), 'jupyterhub');
    const help = execFileSync(jupyterhub, ['--help-all'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const options = [...help.matchAll(/^ *--(\w+)\.(\w+)/gm)].map(([, owner = '', name = '']) => ({ owner, name }));
    const named = options.filter(({ owner }) =>
      [...classes, 'Proxy', 'ConfigurableHTTPProxy', 'CryptKeeper'].includes(owner),
    );
    expect(named.length).toBeGreaterThan(200);
    const missing = named.filter(({ name }) => !new RegExp(`\`(?:c\\.\\w+\\.)?${name}\``).test(cells));
    expect(missing).toEqual([]);
  });
});

test('every option that the page names is one of ours', () => {
  const all = (options: readonly Option[], before = ''): string[] =>
    options.flatMap((one) => {
      const path = before + one.name;
      return [path, ...all(one.children, `${path}${one.each === 'item' ? '[]' : ''}.`)];
    });
  const known = new Set(all(configOptions()));
  const sections = new Set(configOptions().map(({ name }) => name));
  const meant = [...cells.matchAll(/`([a-z]\w+(?:\[\])?(?:\.\w+)+)(?::[^`]*)?`/g)].map(([, path = '']) => path);
  const ours = meant.filter((path) => sections.has(path.split(/[.[]/)[0] ?? ''));
  expect(ours.length).toBeGreaterThan(50);
  expect(ours.filter((path) => !known.has(path) && ![...known].some((one) => path.startsWith(`${one}.`)))).toEqual([]);
});
