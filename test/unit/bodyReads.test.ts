import { expect, test } from 'vitest';
import { files, read } from '../helpers/sources.ts';

/**
 * Bodies of requests are read by `listen/requestBody.ts` alone, which bounds them: `Request.formData()` and Hono's
 * `parseBody` take any length, and time that grows with its square.
 */
const readers = [
  /\b(?:req|request|raw|incoming)\??\.(?:json|text|formData|arrayBuffer|bytes|blob|parseBody|body|iterator)\b/,
  /\.(?:parseBody|formData)\(/,
  /\bfor await \([^)]* of (?:\w+\.)*(?:req|request|incoming)\b/,
  /\b(?:req|request|incoming)\.(?:on|once|addListener)\('(?:data|readable)'/,
  /\bbodyLimit\b/,
];

test('no other code reads the body of a request', () => {
  const found = files('src/**/*.{ts,tsx}')
    .filter((path) => path !== 'src/listen/requestBody.ts' && !path.startsWith('src/pages/browser/'))
    .flatMap((path) =>
      read(path)
        .split('\n')
        .filter((line) => readers.some((reader) => reader.test(line)))
        .map((line) => `${path}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});

test('every way of reading one would be seen', () => {
  const ways = [
    'await c.req.parseBody()',
    'await c.req.json()',
    'await c.req.raw.text()',
    'new Response(c.req.raw.body)',
    'for await (const chunk of req) {',
    'for await (const chunk of visit.request as AsyncIterable<Buffer>) {',
    "incoming.on('data', take)",
  ];
  expect(ways.filter((way) => !readers.some((reader) => reader.test(way)))).toEqual([]);
});
