import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenAtSocket } from '../../../src/listen/unixSocket.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unix-'));
  path = join(folder, 'http.sock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the socket has the mode and group that were asked for, and a second start takes a stale one over', async () => {
  const gid = process.getegid?.() ?? 0;
  const server = createServer();
  await listenAtSocket(server, { path, mode: '0660', group: undefined });
  expect(statSync(path)).toMatchObject({ gid });
  expect(statSync(path).mode & 0o777).toBe(0o660);
  const second = createServer();
  await expect(listenAtSocket(second, { path, mode: '0660', group: undefined })).rejects.toThrow(/another program/);
  server.close();
});

test.each([0o777, 0o770, 0o1777])('a folder that others can write to (%o) is refused', async (mode) => {
  chmodSync(folder, mode);
  await expect(listenAtSocket(createServer(), { path, mode: '0600', group: undefined })).rejects.toThrow(
    /can write to/,
  );
});

test('a folder that is not there and an unknown group are told', async () => {
  const gone = join(folder, 'gone', 'http.sock');
  await expect(listenAtSocket(createServer(), { path: gone, mode: '0600', group: undefined })).rejects.toThrow(
    /folder of listen\.socket is not there/,
  );
  await expect(listenAtSocket(createServer(), { path, mode: '0600', group: 'no-such-group' })).rejects.toThrow(
    /no such group/,
  );
});
