import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { configOptions } from '../../../src/config/options.ts';
import type { Option } from '../../../src/config/options.ts';
import { fromAssignment, fromEnvironment } from '../../../src/config/overrides.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'gateway-config-'));
});

test('without a file the defaults hold: loopback only, data beside the program', async () => {
  const { config, file } = await loadConfig({ env: {}, cwd });
  expect(file).toBeNull();
  expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 8000 });
  expect(config.dataDir).toBe(join(cwd, 'data'));
});

test('flags win over the environment, the environment over the file', async () => {
  await writeFile(join(cwd, 'gateway.yaml'), 'listen:\n  port: 1\n  host: 127.0.0.2\nlog: {level: warn}\n');
  const { config } = await loadConfig({
    env: { CYLC_GATEWAY_LISTEN__PORT: '2', CYLC_GATEWAY_LOG__LEVEL: 'debug', CYLC_GATEWAY_CONFIG: 'ignored' },
    overrides: fromAssignment('listen.port=3'),
    cwd,
  });
  expect(config.listen).toMatchObject({ host: '127.0.0.2', port: 3 });
  expect(config.log.level).toBe('debug');
});

test('all faults are told at once, each with its line', async () => {
  await writeFile(join(cwd, 'gateway.yaml'), 'listen:\n  port: seventy\nlog:\n  level: loud\nlisen: 1\n');
  const fault = await loadConfig({ env: {}, cwd }).catch((error: unknown) => error as Error);
  expect((fault as Error).message).toMatch(/line 2: listen\.port/);
  expect((fault as Error).message).toMatch(/line 4: log\.level/);
  expect((fault as Error).message).toMatch(/lisen/);
});

test('broken YAML and an unreadable file are explained', async () => {
  await writeFile(join(cwd, 'gateway.yaml'), 'listen: [1\n');
  await expect(loadConfig({ env: {}, cwd })).rejects.toThrow(/not valid YAML/);
  await expect(loadConfig({ env: {}, cwd, file: 'absent.yaml' })).rejects.toThrow(/cannot be read/);
  await writeFile(join(cwd, 'gateway.yaml'), '- a\n- b\n');
  await expect(loadConfig({ env: {}, cwd })).rejects.toThrow(/not a mapping/);
});

test('environment names: two underscores part levels, one parts words', () => {
  expect(
    fromEnvironment({ CYLC_GATEWAY_SERVERS__START_TIMEOUT_S: '90', CYLC_GATEWAY_ACCESS__ADMINS: '[ann, bob]' }),
  ).toEqual({
    servers: { startTimeoutS: 90 },
    access: { admins: ['ann', 'bob'] },
  });
  expect(() => fromAssignment('nonsense')).toThrow(/name=value/);
});

test('relative paths are relative to the folder of the file; those of flags and environment to the current folder', async () => {
  await mkdir(join(cwd, 'etc'));
  await writeFile(
    join(cwd, 'etc/gateway.yaml'),
    `listen: { tls: { cert: cert.pem, key: ../key.pem } }
edge: { secretFile: secret }
environments: [{ name: a, cylc: a/bin/cylc }, { name: b, cylc: /b/bin/cylc }]
services: [{ name: s, command: [serve, it], cwd: s }]
spawners: { slurm: { conf: slurm.conf } }
`,
  );
  const { config } = await loadConfig({
    env: { CYLC_GATEWAY_SERVERS__CYLC: 'env/cylc' },
    overrides: fromAssignment('runtimeDir=run'),
    cwd,
    file: 'etc/gateway.yaml',
  });
  expect(config.dataDir).toBe(join(cwd, 'etc/data'));
  expect(config.listen.tls).toMatchObject({ cert: join(cwd, 'etc/cert.pem'), key: join(cwd, 'key.pem') });
  expect(config.edge.secretFile).toBe(join(cwd, 'etc/secret'));
  expect(config.environments.map(({ cylc }) => cylc)).toEqual([join(cwd, 'etc/a/bin/cylc'), '/b/bin/cylc']);
  expect(config.services[0]).toMatchObject({ command: ['serve', 'it'], cwd: join(cwd, 'etc/s') });
  expect(config.spawners.slurm?.conf).toBe(join(cwd, 'etc/slurm.conf'));
  expect(config.servers.cylc).toBe(join(cwd, 'env/cylc'));
  expect(config.runtimeDir).toBe(join(cwd, 'run'));
});

test('a path with ~ and a relative program are refused: what they mean would depend on who starts the gateway', async () => {
  await writeFile(
    join(cwd, 'gateway.yaml'),
    'dataDir: ~/data\nedge: { secretFile: "~" }\nservices: [{ name: s, command: [bin/serve] }]\n',
  );
  const fault = (await loadConfig({ env: {}, cwd }).catch((error: unknown) => error)) as Error;
  expect(fault.message).toMatch(/line 1: dataDir: .*`~` is not expanded/);
  expect(fault.message).toMatch(/line 2: edge\.secretFile/);
  expect(fault.message).toMatch(/line 3: services\.0\.command: .*absolute path/);
});

test('every option that names a file or folder is a path', () => {
  const all = (options: readonly Option[]): Option[] => options.flatMap((one) => [one, ...all(one.children)]);
  const named = all(configOptions()).filter(
    ({ name, description }) => /(?:File|Dir)$|^(?:cert|key)$/.test(name) || /^(?:Path of|PEM)/.test(description),
  );
  const absolute = new Set(['sudo']);
  expect(named.filter(({ name, type }) => type !== 'path' && !absolute.has(name))).toEqual([]);
  expect(named.length).toBeGreaterThan(8);
});
