/** Columns of text, as wide as they must be; what is not there is a hyphen. */
export function table(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const titles = columns.map((column) => (column === 'key' ? 'NAME' : column.toUpperCase()));
  const lines = [titles, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = titles.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One record: a line for each field. */
export function details(record: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(record).map((name) => name.length));
  return Object.entries(record)
    .map(([name, value]) => `${(name === 'key' ? 'name' : name).padEnd(width)}  ${cell(value)}`)
    .join('\n');
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ');
  if (typeof value === 'object') return Object.values(value).map(cell).join(' ');
  // Names and notes are other people's: no escape sequence of theirs reaches the terminal.
  return `${value as string | number}`.replaceAll(/\p{C}/gu, ' ');
}
