import { bodyUntilClose, chunkedBody } from './upstream/answerHead.ts';
import type { AnswerHead } from './upstream/answerHead.ts';
import { ChunkedReader } from './upstream/chunkedReader.ts';

/** Finds the end of an answer whose bytes pass as they are. */
export interface AnswerLength {
  /** Where the answer ends in this piece, or -1 if more is to come. Throws for malformed chunks. */
  take(piece: Buffer): number;
}

export function answerLength(head: AnswerHead): AnswerLength {
  if (head.length === bodyUntilClose) return { take: () => -1 };
  if (head.length === chunkedBody) {
    const reader = new ChunkedReader();
    return { take: (piece) => reader.push(piece, () => undefined) };
  }
  let left = head.length;
  return {
    take(piece) {
      if (piece.length < left) {
        left -= piece.length;
        return -1;
      }
      const end = left;
      left = 0;
      return end;
    },
  };
}

/** The first value of that name. */
export function valueOf(headers: readonly string[], lower: string): string | undefined {
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === lower);
  return at === -1 ? undefined : headers[at + 1];
}
