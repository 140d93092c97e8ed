import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './report.ts';
import { figuresTable, ratiosTable } from './tables.ts';

/** `npm run docs:performance`: puts the tables of the stored run between their marks. */
const [page] = process.argv.slice(2);
const measured = JSON.parse(readFileSync(join(import.meta.dirname, 'measured.json'), 'utf8')) as Measured;
const days = [...new Set(Object.values(measured.dates))].toSorted();
const tables: Record<string, string> = {
  figures: `${measured.machine}; ${days.join(', ')}. Medians of the rounds; for p99, the lowest and highest of them too.\n\n${figuresTable(measured)}`,
  ratios: ratiosTable(measured),
};
let text = readFileSync(page!, 'utf8');
for (const [name, table] of Object.entries(tables))
  text = text.replace(
    new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`),
    (_, start: string, end: string) => `${start}\n${table}\n\n${end}`,
  );
writeFileSync(page!, text);
