import { splitFields } from '../fields.ts';

/** The head of an upstream's answer, read strictly (RFC 9112): what is not plainly right is an error, never a guess. */
export interface AnswerHead {
  status: number;
  reason: string;
  /** Names and values in turn. */
  headers: string[];
  /** Bytes of the body; `chunkedBody` or `bodyUntilClose` where the head does not tell. */
  length: number;
  /** Whether the connection may be used again. */
  keepAlive: boolean;
}

export const chunkedBody = -1;
export const bodyUntilClose = -2;

const wholeHead =
  /^HTTP\/1\.[01] [1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;

/** `text` is the head without its last empty line. Throws for one that is malformed or ambiguous. */
export function readAnswerHead(text: string, method: string): AnswerHead {
  if (!wholeHead.test(text)) throw new Error('the answer has a malformed head');
  const firstEnd = text.indexOf('\r\n');
  const head: AnswerHead = {
    status: Number(text.slice(9, 12)),
    reason: text.slice(13, firstEnd === -1 ? undefined : firstEnd),
    headers: firstEnd === -1 ? [] : splitFields(text, firstEnd + 2),
    length: bodyUntilClose,
    keepAlive: text.charCodeAt(7) === 49,
  };
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i]!;
    if (name.length === 10 || name.length === 14 || name.length === 17)
      note(head, name.toLowerCase(), head.headers[i + 1]!);
  }
  frame(head, method, text.charCodeAt(7) === 49);
  return head;
}

function note(head: AnswerHead, lower: string, value: string): void {
  if (lower === 'content-length') {
    if (head.length !== bodyUntilClose || !/^[0-9]{1,15}$/.test(value))
      throw new Error('the answer has no clear length');
    head.length = Number(value);
  } else if (lower === 'transfer-encoding') {
    if (head.length !== bodyUntilClose || value.toLowerCase() !== 'chunked')
      throw new Error('the answer has no clear transfer coding');
    head.length = chunkedBody;
  } else if (lower === 'connection') {
    const names = value.toLowerCase();
    if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/.test(names)) head.keepAlive = false;
    else if (/(?:^|,)[ \t]*keep-alive[ \t]*(?:,|$)/.test(names)) head.keepAlive = true;
  }
}

/** RFC 9112, 6.3: answers without a body whatever their headers say, and those that end with the connection. */
function frame(head: AnswerHead, method: string, is11: boolean): void {
  const { status } = head;
  if (head.length === chunkedBody && (!is11 || status < 200))
    throw new Error('the answer has no clear transfer coding');
  if (status < 200 || status === 204 || status === 304) {
    if (status !== 304 && head.length !== bodyUntilClose && head.length !== 0) head.keepAlive = false;
    head.length = 0;
  } else if (method === 'HEAD') head.length = 0;
  else if (head.length === bodyUntilClose) head.keepAlive = false;
}
