import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { files, read, repository } from '../helpers/sources.ts';

const pages = files('*.md', 'docs/**/*.md', 'data/*.md', 'workers/**/*.md');

/** GitHub's rule for the anchor of a heading. */
function anchor(heading: string): string {
  const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '');
  return words.trim().replaceAll(' ', '-');
}

function anchors(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading));
}

/** Without fenced code, whose brackets are no links. */
function prose(page: string): string {
  return read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
}

test.each(pages)('links of %s lead somewhere', (page) => {
  const links = [...prose(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].map(([, link = '']) => link);
  const broken = links.filter((link) => {
    const [path = '', fragment] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(repository, target))) return true;
    return fragment !== undefined && !anchors(target).includes(fragment);
  });
  expect(broken).toEqual([]);
});

test('every page of docs/ can be reached from the README', () => {
  const linked = new Set(['README.md']);
  for (const page of linked)
    for (const [, link = ''] of prose(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]+\.md)/g))
      linked.add(join(dirname(page), link));
  expect(pages.filter((page) => page.startsWith('docs/') && !linked.has(page))).toEqual([]);
});

test('npm scripts that the pages name are there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name),
  );
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});
