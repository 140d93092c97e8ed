import { expect, test } from 'vitest';
import { createLibrariesCheck, libraries } from '../../../src/cli/doctor/checks/libraries.ts';
import type { Subject } from '../../../src/cli/doctor/types.ts';
import { configSchema } from '../../../src/config/schema.ts';

const subject = (uid: number, methods = {}): Subject => ({
  config: configSchema.parse({ identity: methods }),
  file: '/etc/gateway.yaml',
  publicUrl: 'http://localhost:8000',
  runtimeDir: '/run/none',
  uid,
  ownData: true,
  live: false,
  searchPath: undefined,
});
const never = new AbortController().signal;

test('the real ones are loaded', async () => {
  expect(await libraries.look(subject(0), never)).toMatchObject([{ outcome: 'ok' }]);
});

test('koffi without its part for this machine: nobody signs in, and root does not start', async () => {
  const check = createLibrariesCheck(() => Promise.reject(new Error('Cannot find the native Koffi module\nat …')));
  const [finding] = await check.look(subject(0), never);
  expect(finding).toMatchObject({ outcome: 'fault', why: 'Cannot find the native Koffi module' });
  expect(finding?.what).toMatch(/nobody can sign in by password, and the gateway does not start as root/);
  expect(finding?.advice).toContain('npm prune --omit=dev');
  expect((await check.look(subject(1000), never))[0]?.what).not.toContain('root');
});

test('no PAM is a fault where people sign in by password, and none elsewhere', async () => {
  const load = (name: string): void => {
    if (name.startsWith('libpam')) throw new Error(`${name}: cannot open shared object file`);
  };
  const check = createLibrariesCheck(() => Promise.resolve({ default: { load } }));
  const [finding] = await check.look(subject(0), never);
  expect(finding).toMatchObject({ outcome: 'fault', advice: 'Install it (Debian: `apt-get install libpam0g`).' });
  const issuers = [{ issuer: 'https://sso.example.org', audience: 'x', cookie: 'sso' }];
  expect(await check.look(subject(0, { issuers }), never)).toMatchObject([{ outcome: 'ok' }]);
});
