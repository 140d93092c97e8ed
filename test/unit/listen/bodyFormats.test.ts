import { array, assert, property, string, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { maxFields, parseForm, readForm, readJson, readText } from '../../../src/listen/bodyFormats.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const source = (body: BodyInit | undefined, type?: string) => ({
  env: undefined,
  req: {
    raw: new Request('http://h/', {
      method: 'POST',
      body: body ?? null,
      headers: type === undefined ? {} : { 'content-type': type },
    }),
  },
});

test('what browsers encode is read back, whatever is in it', () => {
  const fields = uniqueArray(tuple(string({ unit: 'grapheme' }), string({ unit: 'grapheme' })), {
    selector: ([name]) => name,
    maxLength: maxFields,
  });
  assert(
    property(fields, (pairs) => {
      const read = parseForm(bytes(new URLSearchParams(pairs).toString()));
      expect(new Map(Object.entries(read))).toEqual(new Map(pairs));
    }),
  );
});

test('no body makes the reader throw anything but a fault of the request', () => {
  assert(
    property(array(string({ unit: 'binary-ascii' })), (parts) => {
      try {
        parseForm(bytes(parts.join('&')));
      } catch (error) {
        expect(error).toMatchObject({ code: 'request.malformed' });
      }
    }),
  );
});

test.each([
  ['a name twice', 'a=1&a=2'],
  ['a name twice, written otherwise', 'a=1&%61=2'],
  ['a broken escape', 'a=%4'],
  ['an escape that is not UTF-8', 'a=%ff'],
  ['one field too many', Array.from({ length: maxFields + 1 }, (_, at) => `f${at}=`).join('&')],
  ['nothing but separators', '&'.repeat(maxFields + 1)],
])('%s is refused', (_, text) => {
  expect(() => parseForm(bytes(text))).toThrow(expect.objectContaining({ code: 'request.malformed' }));
});

test('bytes that are not UTF-8 are refused', () => {
  expect(() => parseForm(new Uint8Array([97, 61, 255]))).toThrow(expect.objectContaining({ status: 400 }));
});

test('names of JavaScript’s own objects are plain names', () => {
  const form = parseForm(bytes('__proto__=x&constructor=y'));
  expect([form['__proto__'], form['constructor'], form['toString']]).toEqual(['x', 'y', undefined]);
});

test('a form is urlencoded or nothing at all; files are not taken', async () => {
  const files = new FormData();
  files.set('a', 'x');
  await expect(readForm(source(files), 1000)).rejects.toMatchObject({ status: 415 });
  await expect(readForm(source('a=1', 'text/plain'), 1000)).rejects.toMatchObject({ status: 415 });
  await expect(readText(source(files), 1000)).rejects.toMatchObject({ status: 415 });
  expect(await readForm(source(undefined), 1000)).toEqual(Object.create(null));
  expect(await readForm(source('a=1', 'Application/X-WWW-form-urlencoded; charset=utf-8'), 1000)).toEqual({ a: '1' });
});

test('one byte too many is too many', async () => {
  const text = 'x'.repeat(100);
  expect(await readText(source(text), 100)).toBe(text);
  await expect(readText(source(text), 99)).rejects.toMatchObject({ code: 'request.too-large', status: 413 });
});

test('an endless body is not read on', async () => {
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  const raw = new Request('http://h/', { method: 'POST', body: endless, duplex: 'half' } as RequestInit);
  await expect(readText({ env: undefined, req: { raw } }, 16_000)).rejects.toMatchObject({ status: 413 });
  expect(pulled).toBeLessThan(20);
});

test('what is no JSON is undefined', async () => {
  expect(await readJson(source('{"a":1}'), 100)).toEqual({ a: 1 });
  expect(await readJson(source('{'), 100)).toBeUndefined();
});
