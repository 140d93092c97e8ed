import { configOptions } from './options.ts';
import type { Option } from './options.ts';

const head = `# Configuration reference

Every option of \`gateway.yaml\`, made from the schema that checks it (\`npm run docs:configuration\`). \`cylc-gateway init\`
writes a file with all of them, commented out.

An option can be set in three more ways, each stronger than the one before: in the file, by an environment variable
(\`CYLC_GATEWAY_LISTEN__PORT=9000\` for \`listen.port\`), by \`--set listen.port=9000\`.

A relative path in the file, or a default, is relative to the folder of the file; one in a variable or flag is relative to
the current folder, as in any command. \`~\` is not expanded.
`;

/** \`docs/configuration.md\`. */
export function configReference(): string {
  const options = configOptions();
  const top = options.filter(({ children }) => children.length === 0);
  const groups = options.filter(({ children }) => children.length > 0);
  const sections = groups.flatMap(section);
  return `${[head, ...table(rows(top, '')), ...sections].join('\n')}\n`;
}

function section(group: Option): string[] {
  const about = group.description === '' ? [] : [group.description, ''];
  return ['', `## ${group.name}`, '', ...about, ...table(rows(group.children, startOf(group)))];
}

function startOf({ name, each }: Option): string {
  return each === 'item' ? `${name}[].` : each === 'name' ? `${name}.<name>.` : `${name}.`;
}

function rows(options: readonly Option[], before: string): string[][] {
  return options.flatMap((option) => [row(option, before), ...rows(option.children, before + startOf(option))]);
}

function row({ name, type, needed, defaultText, description }: Option, before: string): string[] {
  const standard = needed ? 'needed' : defaultText === undefined || defaultText === '{}' ? '' : `\`${defaultText}\``;
  return [`\`${before}${name}\``, type, standard, description].map((cell) => cell.replaceAll('|', '\\|'));
}

/** Cells padded as the formatter wants them. */
function table(body: readonly string[][]): string[] {
  const all = [['option', 'type', 'default', 'meaning'], ...body];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...others] = all;
  return [line(first), line(widths.map((size) => '-'.repeat(size))), ...others.map(line)];
}
