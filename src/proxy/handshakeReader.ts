import { readAnswerHead } from './upstream/answerHead.ts';
import type { AnswerHead } from './upstream/answerHead.ts';
import { maxInformation } from './upstream/connection.ts';
import { HeadCollector } from './upstream/headCollector.ts';

/** Reads the head of an upstream's answer to a WebSocket handshake, past interim answers. */
export class HandshakeReader {
  readonly #heads: HeadCollector;
  #interim = 0;

  constructor(maxHeadBytes: number) {
    this.#heads = new HeadCollector(maxHeadBytes);
  }

  /** Undefined while there is more to come. Throws for a head that is malformed, too large, or never the last. */
  push(chunk: Buffer): { head: AnswerHead; rest: Buffer } | undefined {
    this.#heads.push(chunk);
    for (;;) {
      const text = this.#heads.nextHead();
      if (text === undefined) return undefined;
      const head = readAnswerHead(text, 'GET');
      if (head.status === 101 || head.status >= 200) return { head, rest: this.#heads.takeRest() };
      this.#interim += 1;
      if (this.#interim > maxInformation) throw new Error('the answer has no end of heads');
    }
  }
}
