import { parseSync, Visitor } from 'oxc-parser';
import { analyse } from 'scslre';
import { expect, test } from 'vitest';
import { files, read } from '../helpers/sources.ts';

/**
 * A regular expression whose time grows with the square of its input lets a head of 30 KB stop everybody for a second.
 * `scslre` finds those by their structure: pieces next to each other that match the same text, and pieces that may begin
 * anywhere. It cannot see what an administrator's configuration brings: those are `new RegExp(…)`, in the table below.
 */
const sources = files('src/**/*.{ts,tsx}', 'workers/**/*.ts');

interface Found {
  place: string;
  source: string;
  flags: string;
}

const literals: Found[] = [];
const made: string[] = [];
for (const path of sources) {
  const visitor = new Visitor({
    Literal(node) {
      if (!('regex' in node)) return;
      const { pattern: source, flags } = node.regex;
      literals.push({ place: `${path}: /${source}/${flags}`, source, flags });
    },
    NewExpression({ callee }) {
      if (callee.type === 'Identifier' && callee.name === 'RegExp') made.push(path);
    },
  });
  visitor.visit(parseSync(path, read(path)).program);
}

const isSlow = ({ source, flags }: Pick<Found, 'source' | 'flags'>): boolean =>
  analyse({ source, flags }).reports.length > 0;

test('the time of every regular expression is linear', () => {
  expect(literals.length).toBeGreaterThan(150);
  expect(literals.filter(isSlow).map(({ place }) => place)).toEqual([]);
});

test('those that are not are found', () => {
  const slow = ['^a:[ \\t]*([ -~]*?)[ \\t]*$', '\\/+$', '^(?:token|bearer)[ :]+(\\S+)$', '^(a+)+$'];
  expect(slow.filter((source) => !isSlow({ source, flags: '' }))).toEqual([]);
});

test('only patterns of the configuration, and names of Cylc environments, become regular expressions at run time', () => {
  expect([...new Set(made)]).toEqual([
    'src/config/sections/identityRules.ts',
    'src/config/sections/profiles.ts',
    'src/config/sections/spawners.ts',
    'src/identity/accountRules.ts',
    'src/servers/options.ts',
    'src/servers/programs.ts',
    'src/spawners/command/readAnswer.ts',
  ]);
});
