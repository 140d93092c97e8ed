import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
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
