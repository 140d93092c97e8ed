import { expect, test } from 'vitest';
import { faultText } from '../../../src/store/faults.ts';
import { adminKind } from '../../../src/store/kinds.ts';
import { readDocument } from '../../../src/store/read.ts';
import { createSerialise } from '../../../src/store/serialise.ts';

const good = createSerialise(adminKind)(adminKind.empty(), 1);

function faultsOf(text: string): string {
  const result = readDocument(adminKind, text);
  return result.ok ? 'no fault' : result.faults.map(faultText).join('\n');
}

test.each([
  ['empty', '', 'line 1, column 1: The file is empty. Was it cut off'],
  ['only spaces', ' \n ', 'The file is empty.'],
  ['a BOM', `\uFEFF${good}`, 'byte order mark. Save it as UTF-8 without BOM.'],
  ['zero bytes', '\0\0\0\0', 'zero bytes, as after a power cut'],
  ['cut off', good.slice(0, 60), 'The file ends'],
  ['cut off within a text', '{"version', 'line 1, column 2: The file ends within this text.'],
  ['a comma too many', '{\n "version": 1,\n}', 'line 2, column 14: There is a comma too many before "}". Remove it.'],
  ['a missing comma', '{"version": 1\n "accounts": {}}', 'line 1, column 14: A comma or "}" is missing here.'],
  ['a line comment', '{"version": 1, // hello\n}', 'Remove the comment, or put it into a "note" field.'],
  ['a comment after a value', '{"version": 1 # hello\n}', 'line 1, column 15: JSON has no comments.'],
  ['single quotes', "{'version': 1}", 'Use double quotes.'],
  ['no quotes', '{version: 1}', 'Put texts and names into double quotes.'],
  ["Python's words", '{"version": True}', 'Write true, false or null.'],
  ['a line break in a text', '{"a": "b\nc"}', 'line 1, column 9: A text may not hold a line break'],
  ['text after the end', '{} {}', 'line 1, column 4: There is text after the end'],
  ['an array', '[]', 'line 1, column 1: The document must be an object.'],
  ['deep nesting', '['.repeat(100_000), 'Nested deeper than 64 levels.'],
  ['a leading zero', '{"version": 01}', 'This is no JSON value.'],
])('%s is told with its place and what to do', (_, text, expected) => {
  expect(faultsOf(text)).toContain(expected);
});

test('all faults of the schema are told at once, each at its line', () => {
  const text = `{
  "version": 2,
  "accounts": {
    "ann": { "admn": true },
    "bob": { "blocked": "yes" },
    "cy": { "createdAt": "tomorrow" }
  },
  "groups": {},
  "shares": {},
  "announcements": {},
  "servers": { "ann/": { "desired": "sideways" } },
  "services": {},
  "profiles": {}
}`;
  expect(faultsOf(text).split('\n').sort()).toEqual([
    expect.stringMatching(/^line 11, column 26, servers\.ann\/\.desired: Invalid option/),
    'line 4, column 14, accounts.ann.admn: Unknown field "admn". Did you mean "admin"?',
    expect.stringMatching(
      /^line 5, column 14, accounts\.bob\.blocked: Invalid input: expected boolean.*Write true or false, without quotes\.$/,
    ),
    'line 6, column 13, accounts.cy.createdAt: Invalid ISO datetime. Write it as 2026-12-24T18:00:00Z (UTC).',
  ]);
});

test('an account that stands twice is a fault: one of the two would be lost', () => {
  const text = good.replace('"accounts": {}', '"accounts": {\n "ann": {},\n "ann": {"admin": true}}');
  expect(faultsOf(text)).toBe(
    'line 7, column 2, accounts.ann: "ann" stands twice in the same place. Rename or remove one of them.',
  );
});

test('__proto__ is refused as a name, even spelled with escapes', () => {
  for (const key of ['__proto__', '\\u005f_proto__'])
    expect(faultsOf(good.replace('"accounts": {}', `"accounts": {"${key}": {"admin": true}}`))).toContain(
      'The name "__proto__" cannot be used.',
    );
});

test('a newer version is recognised as such, whatever else it holds', () => {
  expect(readDocument(adminKind, '{"version": 3, "future": []}')).toEqual({ ok: false, faults: [], newer: 3 });
});

test('what is written is read back, with its revision', () => {
  expect(readDocument(adminKind, good)).toMatchObject({ ok: true, revision: 1, data: adminKind.empty() });
});
