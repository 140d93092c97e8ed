/**
 * A server for tests of its life, which behaves as its last argument says:
 * `good`, `deaf` (never listens), `dies` (exit 3 at once), `stubborn` (ignores SIGTERM), `late:MS`, `child` (leaves a child
 * in its process group), `leaves:MS` (exits 0 after so long), `env` (writes its environment to the log),
 * `twice` (leaves itself to a process in a session of its own, then exits 0), `closes` (closes its output),
 * `elsewhere` (has nothing at its address: 404), `mortal` (dies at its first request), `chatty` (writes a line with its token five times a second).
 */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const sock = process.argv.find((word) => word.startsWith('--sock='))?.slice('--sock='.length) ?? '';
const [mode = 'good', ms = '0'] = (process.env['SMALL_SERVER'] ?? 'good').split(':');

console.log(`small server ${mode}, token=${process.env['JUPYTERHUB_API_TOKEN']}`);
if (mode === 'twice') {
  const env = { ...process.env, SMALL_SERVER: 'good' };
  spawn(process.execPath, process.argv.slice(1), { env, detached: true, stdio: 'ignore' }).unref();
  process.exit(0);
}
if (mode === 'closes') for (const fd of [1, 2]) closeSync(fd);
if (mode === 'dies') {
  console.error('cannot go on: the moon is full');
  process.exit(3);
}
if (mode === 'stubborn') process.on('SIGTERM', () => console.log('no'));
if (mode === 'child') console.log(`child ${spawn('sleep', ['300'], { stdio: 'ignore' }).pid}`);
if (mode === 'env')
  console.log(`env ${JSON.stringify({ env: process.env, cwd: process.cwd(), umask: process.umask() })}`);
if (mode === 'leaves') setTimeout(() => process.exit(0), Number(ms));
if (mode === 'chatty') {
  let count = 0;
  setInterval(() => console.log(`line ${(count += 1)} ${process.env['JUPYTERHUB_API_TOKEN']}`), 200);
}
if (mode === 'late') await sleep(Number(ms));
if (mode === 'deaf') setInterval(() => {}, 1000);
else
  createServer((request, response) => {
    if (mode === 'mortal') process.exit(9);
    if (mode === 'elsewhere') response.statusCode = 404;
    response.end(JSON.stringify({ url: request.url, pid: process.pid }));
  }).listen(sock);
