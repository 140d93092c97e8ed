import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstat, mkdir, open, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawnProgram } from '../processes/childProcess.ts';
import { program } from './forkProgram.ts';

/** Where one fork server is, and what it is run by. */
export interface ForkPlace {
  python: string;
  /** In a folder that this user alone can enter: who listens there was started by this user's gateway. */
  socket: string;
  /** The module list is kept here. */
  cacheFile: string;
  logFile: string;
  /** So long it waits for another gateway when its own has been killed. */
  patienceS: number;
}

export interface ForkLink {
  socket: Socket;
  /** Left behind by a gateway that was killed. */
  found: boolean;
  /** Resolves with the reason when the process has ended; of one that was found, when it lets go. */
  ended: Promise<string>;
  /** One that was found is let go, and not found again: it ends by itself. */
  kill(): void;
}

/** Room in its own command line for those of its children, which ps(1) then shows. */
const room = 'x'.repeat(2000);

/** Connects to the fork server at that place, or launches one. */
export async function reachForkServer(place: ForkPlace): Promise<ForkLink> {
  await checkFolder(dirname(place.socket));
  const left = await tryConnect(place.socket);
  if (left !== undefined) {
    const ended = once(left, 'close').then(() => 'it has let go');
    const letGo = (): void => void rm(place.socket, { force: true }).finally(() => left.destroy());
    return { socket: left, found: true, ended, kill: letGo };
  }
  const { child, ended } = await launch(place);
  const socket = await tryConnect(place.socket);
  if (socket === undefined) throw new Error('it does not listen');
  return { socket, found: false, ended, kill: () => void child.kill('SIGKILL') };
}

async function checkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(folder);
  if (uid !== process.geteuid?.() || (mode & 0o170_077) !== 0o040_000)
    throw new Error(`${folder} is not a folder of this user alone`);
}

/** Undefined: nobody listens. */
async function tryConnect(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    return undefined;
  }
  // A reset is followed by `close`. Without this greeting nobody is taken for a gateway (workers/forkserver/link.py).
  socket.on('error', () => {}).write('{"gateway":true}\n');
  return socket;
}

async function launch(place: ForkPlace): Promise<{ child: ChildProcess; ended: Promise<string> }> {
  const { python, socket, cacheFile, logFile, patienceS } = place;
  const output = await open(logFile, 'a', 0o600);
  const child = spawnProgram([python, '-I', '-B', '-c', program, cacheFile, socket, String(patienceS), room], {
    // Of root's session nothing is left to its children. Each of them joins a keyring of its own besides.
    ...(process.geteuid?.() === 0 && { keyring: 'gateway' as const }),
    cwd: '/',
    detached: true,
    env: { ...environment(), CYLC_GATEWAY_WARM: socket },
    stdio: ['ignore', 'pipe', output.fd],
  });
  await output.close();
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  const failed = ended.then((why) => Promise.reject(new Error(why)));
  if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), failed]);
  child.stdout?.destroy();
  child.unref();
  return { child, ended };
}

/** No user's: whatever a module remembers of this home at its import is found by it (workers/forkserver/modules.py). */
function environment(): Record<string, string> {
  return {
    HOME: join(tmpdir(), `cylc-gateway-home-${randomBytes(8).toString('hex')}`),
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    JUPYTERHUB_SINGLEUSER_APP: 'jupyter_server.serverapp.ServerApp',
    OPENBLAS_NUM_THREADS: '1',
    OMP_NUM_THREADS: '1',
  };
}
