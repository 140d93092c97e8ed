import { readAnswerHead } from './upstream/answerHead.ts';
import type { AnswerHead } from './upstream/answerHead.ts';
import { maxInformation } from './upstream/connection.ts';

/** Reads the head of an upstream's answer to a WebSocket handshake, past interim answers. */
export class HandshakeReader {
  readonly #maxHeadBytes: number;
  #received: Buffer | undefined;
  #interim = 0;

  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** Undefined while there is more to come. Throws for a head that is malformed, too large, or never the last. */
  push(chunk: Buffer): { head: AnswerHead; rest: Buffer } | undefined {
    let bytes = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n');
      if ((end === -1 ? bytes.length : end) > this.#maxHeadBytes) throw new Error('the head is too large');
      if (end === -1) {
        this.#received = bytes;
        return undefined;
      }
      const head = readAnswerHead(bytes.toString('latin1', 0, end), 'GET');
      bytes = bytes.subarray(end + 4);
      if (head.status === 101 || head.status >= 200) return { head, rest: bytes };
      this.#interim += 1;
      if (this.#interim > maxInformation) throw new Error('the answer has no end of heads');
    }
  }
}
