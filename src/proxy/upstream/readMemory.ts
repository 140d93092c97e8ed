import type { OnReadOpts } from 'node:net';

/** Bytes read at most at once. */
const readBytes = 65_536;
/** Pieces kept for the next long answers; more are left to the garbage collector. */
const maxSpare = 16;

/**
 * What sockets of upstreams read into. Left to itself, Node makes 64 KiB for every read, and most of the CPU of a long
 * answer goes to collecting them again.
 */
export class ReadMemory {
  /** For all sockets at once: whoever reads into it copies what came before anything else can happen. */
  readonly shared = Buffer.allocUnsafeSlow(readBytes);
  readonly #spare: Buffer[] = [];

  /** For a socket that has no need of its own: `take` gets what comes, in memory that nobody else will use. */
  sharing(take: (bytes: Buffer) => void): OnReadOpts {
    const callback = (length: number, memory: Uint8Array): boolean => {
      take(copyOf(memory, length));
      return true;
    };
    return { buffer: this.shared, callback };
  }

  /** For one socket alone, which must not read into it while somebody holds on to what it read. */
  lend(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(readBytes);
  }

  /** Only by the one to whom it was lent, and only if nobody holds on to any part of it. */
  giveBack(piece: Buffer): void {
    if (this.#spare.length < maxSpare) this.#spare.push(piece);
  }
}

/** The bytes alone, safe to keep. */
export function copyOf(memory: Uint8Array, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  copy.set(length === memory.length ? memory : memory.subarray(0, length));
  return copy;
}
