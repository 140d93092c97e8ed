/**
 * Follows the frame borders of a WebSocket stream (RFC 6455, 5.2) without touching its bytes: where a frame ends one
 * of ours may be put in, and data frames tell a person's doing from pings. Numbers only, as there are two of these for
 * each connection.
 */
export class FrameTracker {
  /** Bytes of the running frame's payload still to come. */
  #left = 0;
  /** Bytes of its head that are here; 0 between two frames. */
  #headBytes = 0;
  #headSize = 2;
  #isData = false;
  #size = 0;
  #sizeBytes = 0;

  /** Between two frames: the only place for a frame of ours. */
  get atBorder(): boolean {
    return this.#left === 0 && this.#headBytes === 0;
  }

  /** Returns true if the head of a data frame (text, binary, continuation) ended in this chunk. */
  push(chunk: Uint8Array): boolean {
    let sawData = false;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#takeHeadByte(chunk[at++]!);
      if (this.#headBytes < this.#headSize) continue;
      if (this.#isData) sawData = true;
      this.#left = this.#size;
      this.#headBytes = 0;
      this.#headSize = 2;
    }
    return sawData;
  }

  #takeHeadByte(byte: number): void {
    this.#headBytes += 1;
    if (this.#headBytes === 1) this.#isData = (byte & 0x08) === 0;
    else if (this.#headBytes === 2) {
      const length = byte & 0x7f;
      this.#sizeBytes = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#size = this.#sizeBytes === 0 ? length : 0;
      this.#headSize = 2 + this.#sizeBytes + (byte & 0x80 ? 4 : 0);
    } else if (this.#headBytes <= 2 + this.#sizeBytes) this.#size = this.#size * 256 + byte;
  }
}

/** A ping without payload, as a server sends it. */
export const pingFrame = Uint8Array.of(0x89, 0);

/**
 * A close frame: code and reason (RFC 6455, 5.5.1). A client's are masked (5.3); the mask of zeros is right, since it
 * protects only against scripts that choose the bytes, and these are ours.
 */
export function closeFrame(code: number, reason: string, { masked = false }: { masked?: boolean } = {}): Uint8Array {
  const text = new TextEncoder().encode(reason).subarray(0, 123);
  const start = masked ? 6 : 2;
  const frame = new Uint8Array(start + 2 + text.length);
  frame.set([0x88, (masked ? 0x80 : 0) | (2 + text.length)]);
  frame.set([code >> 8, code & 0xff], start);
  frame.set(text, start + 2);
  return frame;
}
