import { GrowingBuffer } from './growingBuffer.ts';

const headEnd = '\r\n\r\n';

/** Finds the heads at the beginning of what an upstream sends, in whatever pieces they come; linear in their bytes. */
export class HeadCollector {
  readonly #maxHeadBytes: number;
  #collected: GrowingBuffer | undefined;
  /** In so much of it there is no end of a head. */
  #searched = 0;

  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  get isEmpty(): boolean {
    return this.#collected === undefined;
  }

  /** `piece` is kept: nobody may write to it any more. */
  push(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#collected === undefined) this.#collected = new GrowingBuffer(piece);
    else this.#collected.append(piece);
  }

  /** Takes the next head, without its last empty line; undefined while there is more to come. Throws if it is too large. */
  nextHead(): string | undefined {
    if (this.#collected === undefined) return undefined;
    const { bytes } = this.#collected;
    const end = bytes.indexOf(headEnd, Math.max(0, this.#searched - headEnd.length + 1));
    if ((end === -1 ? bytes.length : end) > this.#maxHeadBytes) throw new Error('the head of the answer is too large');
    this.#searched = end === -1 ? bytes.length : 0;
    if (end === -1) return undefined;
    const rest = bytes.subarray(end + headEnd.length);
    this.#collected = rest.length === 0 ? undefined : new GrowingBuffer(rest);
    return bytes.toString('latin1', 0, end);
  }

  /** Takes what follows the heads that were taken. */
  takeRest(): Buffer {
    const bytes = this.#collected?.bytes ?? Buffer.alloc(0);
    this.#collected = undefined;
    this.#searched = 0;
    return bytes;
  }
}
