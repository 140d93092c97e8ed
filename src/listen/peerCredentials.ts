import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { SetupError } from '../errors.ts';

/** Who holds the other end of a unix socket, as the kernel wrote it down when the two were connected. */
export interface PeerCredentials {
  /** 0 where the process is in another process namespace. */
  pid: number;
  /** Effective user; 65534 where this user namespace has no number for it. */
  uid: number;
  gid: number;
}

/**
 * The credentials of a connected unix socket's peer: of who connected, seen by who accepted, and of who called listen(2),
 * seen by who connected. Undefined where there are none (TCP, a socket that closed): that is never anybody's leave.
 */
export type PeerOf = (socket: Socket) => PeerCredentials | undefined;

type Koffi = typeof import('koffi').default;

/** asm-generic/socket.h, the same on x86-64 and arm64 (others differ: Alpha, MIPS, PA-RISC, SPARC). */
const solSocket = 1;
const soPeercred = 17;
const architectures: ReadonlySet<string> = new Set(['x64', 'arm64']);
/** What the kernel says of a socket without credentials: uid and gid of -1. */
const nobody = 0xff_ff_ff_ff;

/**
 * Node has no call for `SO_PEERCRED` (unix(7)): getsockopt(2) of the C library, on the socket's own descriptor.
 * Where the C library cannot be called: `SetupError` if it is required, else undefined. Whoever serves several accounts
 * requires it.
 */
export async function loadPeerCredentials(
  { required }: { required: boolean },
  load: () => Promise<Koffi> = loadKoffi,
): Promise<PeerOf | undefined> {
  try {
    if (!architectures.has(process.arch)) throw new Error(`not known for the architecture ${process.arch}`);
    return createPeerOf(await load());
  } catch (cause) {
    if (!required) return undefined;
    throw new SetupError(`Cannot read who connects to a unix socket (SO_PEERCRED): ${(cause as Error).message}.`, {
      advice:
        'Install the packages with their native parts (npm ci, without --omit=optional), on Linux for x64 or arm64. ' +
        'Without them one account could pass for another.',
      exitCode: 69,
      cause,
    });
  }
}

let loadedNow: { peerOf: PeerOf | undefined } | undefined;

/** The same for who cannot wait; loaded once. Undefined where the C library cannot be called. */
export function peerOfNow(): PeerOf | undefined {
  loadedNow ??= { peerOf: tryNow() };
  return loadedNow.peerOf;
}

function tryNow(): PeerOf | undefined {
  try {
    if (!architectures.has(process.arch)) return undefined;
    return createPeerOf(createRequire(import.meta.url)('koffi') as Koffi);
  } catch {
    return undefined;
  }
}

async function loadKoffi(): Promise<Koffi> {
  return (await import('koffi')).default;
}

function createPeerOf(koffi: Koffi): PeerOf {
  const ask = koffi
    .load(null)
    .func('int getsockopt(int, int, int, _Out_ uint32_t *credentials, _Inout_ uint32_t *length)');
  return (socket) => {
    const descriptor = descriptorOf(socket);
    if (descriptor === undefined) return undefined;
    const credentials = [0, 0, 0];
    const length = [12];
    if (ask(descriptor, solSocket, soPeercred, credentials, length) !== 0 || length[0] !== 12) return undefined;
    const [pid = 0, uid = nobody, gid = nobody] = credentials;
    return uid === nobody ? undefined : { pid, uid, gid };
  };
}

/** The handle is Node's own: it has no public name, and has had this one since the first release. */
function descriptorOf(socket: Socket): number | undefined {
  const descriptor = (socket as { _handle?: { fd?: unknown } | null })._handle?.fd;
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}
