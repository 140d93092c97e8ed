import { array, assert, integer, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkedReader } from '../../../src/proxy/upstream/chunkedReader.ts';

/** Feeds the text in pieces of that size; what came out, the trailers and where it ended. */
function read(text: string, pieceSize: number): { body: string; trailers: readonly string[]; end: number } {
  const reader = new ChunkedReader();
  const bytes = Buffer.from(text, 'latin1');
  let body = '';
  for (let at = 0; at < bytes.length; at += pieceSize) {
    const end = reader.push(bytes.subarray(at, at + pieceSize), (data) => (body += data.toString('latin1')));
    if (end !== -1) return { body, trailers: reader.trailers, end: at + end };
  }
  return { body, trailers: reader.trailers, end: -1 };
}

test('a body comes out the same however it is cut into pieces', () => {
  const chunks = array(string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), { maxLength: 6 });
  assert(
    property(chunks, integer({ min: 1, max: 50 }), (parts, pieceSize) => {
      const body = parts.map((part) => `${part.length.toString(16)};a=b\r\n${part}\r\n`).join('');
      const text = `${body}0\r\nX-A: 1\r\n\r\n`;
      expect(read(`${text}next`, pieceSize)).toEqual({
        body: parts.join(''),
        trailers: ['X-A', '1'],
        end: text.length,
      });
    }),
  );
});

test.each([
  'x\r\n',
  '\r\n',
  '-1\r\n',
  '0x3\r\n',
  ' 3\r\n',
  '3\nabc\r\n',
  '3\r\nabcd\r\n',
  '3\r\nabc\n',
  '3\r\nabc\rx\r\n',
  '1;\u0001\r\n',
  'fffffffffffff\r\n',
  `1;${'a'.repeat(300)}\r\n`,
  '0\r\nno colon\r\n',
  '0\r\nX : 1\r\n',
  `0\r\n${'X: 1\r\n'.repeat(3000)}`,
])('%j is refused', (text) => {
  expect(() => read(text, 7)).toThrow(/malformed/);
});
