import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseRuntimeDir, prepareRuntimeDir, prepareSocket, socketPath } from '../../../src/servers/sockets.ts';
import { shortFolder } from '../../helpers/shortFolder.ts';
import { ownAccount } from '../../helpers/serversWorld.ts';

let runtimeDir: string;
const account = ownAccount();
const { uid } = account;
const key = { owner: account.name, name: '' };
beforeEach(async () => {
  runtimeDir = join(shortFolder('cg-sockets'), 'run');
  await prepareRuntimeDir(runtimeDir, uid);
});
afterEach(() => rmSync(join(runtimeDir, '..'), { recursive: true, force: true }));

const prepare = (): Promise<string> => prepareSocket({ runtimeDir, account, key });

test('each account has a folder that it alone can enter; names of any length give short paths', async () => {
  const path = await prepare();
  expect(statSync(join(path, '..'))).toMatchObject({ uid, mode: 0o40700 });
  const long = socketPath(runtimeDir, 4_000_000_000, { owner: 'x'.repeat(32), name: 'y'.repeat(30) });
  expect(Buffer.byteLength(long) - Buffer.byteLength(runtimeDir)).toBeLessThanOrEqual(25);
  expect(socketPath(runtimeDir, uid, { owner: key.owner, name: 'other' })).not.toBe(path);
});

test('a socket left over from before is removed', async () => {
  const path = await prepare();
  writeFileSync(path, '');
  await prepare();
  expect(existsSync(path)).toBe(false);
});

const openFolder = (path: string, mode: number): void => {
  mkdirSync(path);
  chmodSync(path, mode);
};

test.each([
  ['a link to elsewhere', (path: string) => symlinkSync('/tmp', path)],
  ['a file', (path: string) => writeFileSync(path, '')],
  ['open to others', (path: string) => openFolder(path, 0o755)],
])('a folder of an account that is %s is refused', async (_, make) => {
  make(join(runtimeDir, String(uid)));
  await expect(prepare()).rejects.toMatchObject({ code: 'spawn.failed' });
});

test.runIf(uid === 0)('a folder that belongs to another account is refused', async () => {
  openFolder(join(runtimeDir, String(uid)), 0o700);
  chownSync(join(runtimeDir, String(uid)), 65_534, 65_534);
  await expect(prepare()).rejects.toMatchObject({ code: 'spawn.failed' });
});

test.each([
  ['open to others', (path: string) => openFolder(path, 0o777)],
  ['a link', (path: string) => symlinkSync('/tmp', path)],
])('a runtime folder that is %s is a fault of the set-up', async (_, make) => {
  const path = join(runtimeDir, '../other');
  make(path);
  await expect(prepareRuntimeDir(path, uid)).rejects.toMatchObject({ name: 'SetupError', exitCode: 73 });
});

test('a path that is too long for sockets is told at once', async () => {
  await expect(prepareRuntimeDir(`/tmp/${'x'.repeat(90)}`, uid)).rejects.toThrow('too long');
  await expect(prepareRuntimeDir('/tmp/Xy', uid)).rejects.toThrow('capital');
});

test('the folder that is chosen is short, and the same each time', () => {
  const choose = (dataDir: string, by: number): string => chooseRuntimeDir({ configured: undefined, dataDir, uid: by });
  expect(choose('/srv/data', 1000)).toBe('/srv/data/run');
  expect(choose(`/srv/${'deep/'.repeat(20)}data`, 1000)).toMatch(/^\/tmp\/cylc-gateway-1000-[0-9a-f]{8}$/);
  expect(choose('/srv/Data', 1000)).toMatch(/^\/tmp\/cylc-gateway-1000-[0-9a-f]{8}$/);
  expect(choose('/srv/data', 0)).toMatch(/^\/run\/cylc-gateway-[0-9a-f]{8}$/);
  expect(choose('/srv/data', 0)).toBe(choose('/srv/data/', 0));
  expect(chooseRuntimeDir({ configured: '/x', dataDir: '/srv', uid: 0 })).toBe('/x');
});
