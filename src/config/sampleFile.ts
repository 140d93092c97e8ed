import { configOptions } from './options.ts';
import type { Option } from './options.ts';

const width = 116;

/**
 * `gateway.yaml` with every option explained and commented out, its default beside it: as it is, it says nothing. Headings
 * of most groups stand uncommented, since a group without anything below it is as if it were not there.
 */
export function sampleConfig(version: string): string {
  const head = [
    `# Configuration of Cylc Gateway, made by \`cylc-gateway init\` of version ${version}.`,
    '# Take away the "# " in front of an option to set it. Defaults are shown; unset means as described.',
    '# Check it: cylc-gateway check. All options on one page: docs/configuration.md.',
    '# yaml-language-server: $schema=gateway.schema.json',
  ];
  return `${[...head, ...configOptions().flatMap((option) => [''].concat(lines(option, '')))].join('\n')}\n`;
}

function lines(option: Option, indent: string): string[] {
  const about = wrap(explained(option), `${indent}# `);
  if (option.each !== undefined && option.children.length > 0)
    return [...about, ...itemLines(option, `${indent}#   `), assignment(option, indent)];
  if (option.children.length === 0) return [...about, assignment(option, indent)];
  const heading = [...about, `${indent}${option.name}:`];
  if (option.defaultText !== undefined)
    return [...heading, ...option.children.flatMap((child) => lines(child, `${indent}  `))];
  // Of a group that may be left out, some options are needed: its heading alone would be a fault.
  const below = option.children.flatMap((child) => lines(child, '  '));
  return [...about, `${indent}# ${option.name}:`, ...below.map((line) => `${indent}# ${line}`)];
}

function assignment({ name, defaultText }: Option, indent: string): string {
  return `${indent}# ${name}:${defaultText === undefined ? '' : ` ${defaultText}`}`;
}

/** What an item of a list may have, as an indented comment. */
function itemLines({ children }: Option, indent: string): string[] {
  return children.flatMap((child) => [
    ...wrap(`${child.name}: ${explained(child)}`, indent, '  '),
    ...(child.children.length > 0 ? itemLines(child, `${indent}  `) : []),
  ]);
}

function explained({ description, type, needed, children, each, defaultText }: Option): string {
  if (children.length > 0 && each === undefined) return description;
  const kind =
    each === undefined || children.length === 0 ? type : each === 'item' ? 'a list; each item has' : 'each name has';
  const facts = [kind, ...(needed ? ['needed'] : []), ...(defaultText === undefined ? [] : [`default ${defaultText}`])];
  const text = description === '' || /[.:]$/.test(description) ? description : `${description}.`;
  return `${text} (${facts.join('; ')})`.trim();
}

function wrap(text: string, prefix: string, hanging = ''): string[] {
  const out: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const start = out.length === 0 ? prefix : prefix + hanging;
    if (line !== '' && start.length + line.length + 1 + word.length > width) {
      out.push(start + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') out.push((out.length === 0 ? prefix : prefix + hanging) + line);
  return out;
}
