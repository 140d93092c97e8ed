/**
 * Follows the frame borders of a WebSocket stream (RFC 6455, 5.2) without touching its bytes: where a frame ends one
 * of ours may be put in, and data frames tell a person's doing from pings.
 */
export class FrameTracker {
  /** Bytes of the running frame still to come. */
  #left = 0;
  /** Bytes of an incomplete frame head. */
  readonly #head = new Uint8Array(14);
  #headLength = 0;

  /** Between two frames: the only place for a frame of ours. */
  get atBorder(): boolean {
    return this.#left === 0 && this.#headLength === 0;
  }

  /** Returns true if a data frame (text, binary, continuation) began in this chunk. */
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
      this.#head[this.#headLength++] = chunk[at++]!;
      if (this.#headLength < 2 || this.#headLength < headSize(this.#head)) continue;
      if ((this.#head[0]! & 0x08) === 0) sawData = true;
      this.#left = payloadSize(this.#head);
      this.#headLength = 0;
    }
    return sawData;
  }
}

function headSize(head: Uint8Array): number {
  const length = head[1]! & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (head[1]! & 0x80 ? 4 : 0);
}

function payloadSize(head: Uint8Array): number {
  const length = head[1]! & 0x7f;
  if (length < 126) return length;
  const view = new DataView(head.buffer);
  if (length === 126) return view.getUint16(2);
  return view.getUint32(2) * 2 ** 32 + view.getUint32(6);
}

/** A close frame as a server sends it (unmasked): code and reason, RFC 6455, 5.5.1. */
export function closeFrame(code: number, reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason).subarray(0, 123);
  const frame = new Uint8Array(4 + text.length);
  frame.set([0x88, 2 + text.length, code >> 8, code & 0xff]);
  frame.set(text, 4);
  return frame;
}
