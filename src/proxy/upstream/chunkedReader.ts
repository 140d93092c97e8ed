import { splitFields } from '../fields.ts';

/** Longest line of a chunk's size with its extensions, and largest trailer section, bytes. */
const maxLine = 256;
const maxTrailers = 8192;
const trailerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;
const sizeLine = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

type Expecting = 'size' | 'data' | 'data end' | 'trailers' | 'nothing';

/** Takes a chunked body apart (RFC 9112, 7.1) as it comes in. Extensions are dropped; whatever else is odd throws. */
export class ChunkedReader {
  /** Of the end of the body: names and values in turn. */
  readonly trailers: string[] = [];
  #expecting: Expecting = 'size';
  /** Bytes of the running chunk still to come. */
  #left = 0;
  /** An incomplete line. */
  #line = '';
  #trailerBytes = 0;

  /** Returns where the body ended in this piece, or -1 if more is to come. */
  push(piece: Buffer, onData: (data: Buffer) => void): number {
    let at = 0;
    while (at < piece.length) {
      if (this.#expecting === 'data') {
        const end = Math.min(piece.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#expecting = 'data end';
        onData(at === 0 && end === piece.length ? piece : piece.subarray(at, end));
        at = end;
        continue;
      }
      const feed = piece.indexOf(10, at);
      const text = piece.toString('latin1', at, feed === -1 ? piece.length : feed + 1);
      this.#line += text;
      at += text.length;
      if (this.#line.length > (this.#expecting === 'trailers' ? maxTrailers : maxLine)) throw oddChunk();
      if (feed === -1) break;
      this.#takeLine();
      if (this.#isDone()) return at;
    }
    return -1;
  }

  #isDone(): boolean {
    return this.#expecting === 'nothing';
  }

  #takeLine(): void {
    if (!this.#line.endsWith('\r\n')) throw oddChunk();
    const line = this.#line.slice(0, -2);
    this.#line = '';
    if (this.#expecting === 'size') this.#takeSize(line);
    else if (this.#expecting === 'trailers') this.#takeTrailer(line);
    else if (line === '') this.#expecting = 'size';
    else throw oddChunk();
  }

  #takeSize(line: string): void {
    const size = sizeLine.exec(line);
    if (size === null) throw oddChunk();
    this.#left = Number.parseInt(size[1]!, 16);
    this.#expecting = this.#left === 0 ? 'trailers' : 'data';
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      this.#expecting = 'nothing';
      return;
    }
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > maxTrailers || !trailerLine.test(line)) throw oddChunk();
    this.trailers.push(...splitFields(line, 0));
  }
}

function oddChunk(): Error {
  return new Error('the body has a malformed chunk');
}
