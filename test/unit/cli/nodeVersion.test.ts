import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { read, repository } from '../../helpers/sources.ts';

test('a Node that is too old says so, names itself and what to do, and ends with "unavailable"', () => {
  const pretend =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });" +
    "Object.defineProperty(process, 'version', { value: 'v20.1.0' });";
  const ran = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, 'src/main.ts'],
    {
      cwd: repository,
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  expect(ran.stderr).toMatch(/needs Node 24 or newer; this is v20\.1\.0/);
  expect(ran.stderr).toContain('npm start');
  expect(ran.status).toBe(69);
});

test('the entry loads nothing before that check: an old Node must not trip over newer syntax', () => {
  expect(read('src/main.ts')).not.toMatch(/^import /m);
});

test('what needs Node 24 says so to npm too, and the Node that npm brings is one', () => {
  const manifest = JSON.parse(read('package.json')) as {
    engines: { node: string };
    optionalDependencies: Record<string, string>;
  };
  expect(manifest.engines.node).toBe('>=24');
  for (const version of Object.values(manifest.optionalDependencies)) expect(version).toMatch(/^24\./);
});
