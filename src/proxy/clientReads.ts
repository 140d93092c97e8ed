import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { copyOf } from './upstream/readMemory.ts';
import type { ReadMemory } from './upstream/readMemory.ts';

/** Gets what a client sent: the first `length` bytes of memory that is another's as soon as it returns. */
export type TakeRead = (memory: Buffer, length: number) => void;

interface Reader {
  /** Undefined where the stream's own listeners take it. */
  take: TakeRead | undefined;
}

/** Where a socket keeps its `onread`; see `findSlots`. */
interface Slots {
  buffer: symbol;
  callback: symbol;
}

/** What Node's own sockets have and its types leave out. */
interface Inside {
  [slot: symbol]: unknown;
  _handle?: { useUserBuffer?: (memory: Uint8Array) => void } | null;
}

/**
 * Has sockets that Node accepted read into shared memory, as sockets that we open do by `onread`. A server has no such
 * option (nodejs/node, `net.createServer`), and without it each read makes 64 KiB to be collected again and goes through
 * a stream. So the option is put where the constructor would have put it. Where that place is not found, or the socket
 * is one of TLS, nothing is done, and the caller listens for `data`.
 */
export class ClientReads {
  readonly #memory: ReadMemory;
  readonly #slots: Slots | null;
  readonly #readers = new WeakMap<Socket, Reader>();

  constructor(memory: ReadMemory, slots: Slots | null = findSlots()) {
    this.#memory = memory;
    this.#slots = slots;
  }

  /** From now on. False where the socket cannot be read so. */
  take(socket: Socket, take: TakeRead): boolean {
    const known = this.#readers.get(socket);
    if (known !== undefined) {
      known.take = take;
      return true;
    }
    const inside = socket as unknown as Inside;
    if (this.#slots === null || socket instanceof TLSSocket || !inside._handle?.useUserBuffer) return false;
    const { shared } = this.#memory;
    const reader: Reader = { take };
    inside[this.#slots.buffer] = shared;
    inside[this.#slots.callback] = (length: number): boolean => {
      if (reader.take === undefined) return socket.push(copyOf(shared, length));
      reader.take(shared, length);
      return true;
    };
    inside._handle.useUserBuffer(shared);
    this.#readers.set(socket, reader);
    return true;
  }

  /** From now on the stream gets what comes: for whoever listens for `data`. */
  release(socket: Socket): void {
    const reader = this.#readers.get(socket);
    if (reader !== undefined) reader.take = undefined;
  }
}

/** Found by their values, in a socket that was given the option. */
function findSlots(): Slots | null {
  const buffer = new Uint8Array(1);
  const callback = (): boolean => true;
  const probe = new Socket({ onread: { buffer, callback } });
  const slots = Object.getOwnPropertySymbols(probe);
  const at = (value: unknown): symbol | undefined => slots.find((slot) => (probe as unknown as Inside)[slot] === value);
  const found = { buffer: at(buffer), callback: at(callback) };
  return isWhole(found) ? found : null;
}

function isWhole(found: { [name in keyof Slots]: symbol | undefined }): found is Slots {
  return found.buffer !== undefined && found.callback !== undefined;
}
