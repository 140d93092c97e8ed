/**
 * Bytes that come in pieces and are wanted in one. Joining them anew for each piece would cost the square of their number:
 * a peer that sends byte by byte could keep everybody waiting. Here each byte is copied a few times at most.
 */
export class GrowingBuffer {
  /** What lies behind `#length` is ours to write to. */
  #memory: Buffer;
  #length: number;

  /** `first` is kept as it is, and never written to. */
  constructor(first: Buffer) {
    this.#memory = first;
    this.#length = first.length;
  }

  /** A view: the next `append` may leave it behind, but does not change it. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#length));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    this.#memory.set(piece, this.#length);
    this.#length = length;
  }
}
