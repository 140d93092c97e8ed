import { z } from 'zod';

/** One thing wrong with a document, told to the admin. Lines and columns count from 1, columns in characters. */
export interface Fault {
  line: number;
  column: number;
  /** Dotted: `shares.s1.level`; empty for faults of syntax. */
  path: string;
  message: string;
  suggestion: string;
}

/** `line 12, column 5, accounts.alice.admin: …. Suggestion.` */
export function faultText(fault: Fault): string {
  const where = `line ${fault.line}, column ${fault.column}${fault.path === '' ? '' : `, ${fault.path}`}`;
  return `${where}: ${fault.message}${fault.suggestion === '' ? '' : ` ${fault.suggestion}`}`;
}

export type Place = (path: readonly PropertyKey[]) => { line: number; column: number };

/** Nobody mends more at a time, and each costs a look through the text. */
const mostFaults = 100;

/** The faults that the schema finds (the first hundred), each with its place. */
export function schemaFaults(
  error: z.ZodError,
  place: Place,
  knownFields: (path: readonly PropertyKey[]) => string[],
): Fault[] {
  return error.issues.slice(0, mostFaults).flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [
        {
          ...place(issue.path),
          path: issue.path.join('.'),
          message: `${issue.message}.`,
          suggestion: suggestionFor(issue),
        },
      ];
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const near = nearest(key, knownFields(issue.path));
      return {
        ...place(path),
        path: path.join('.'),
        message: `Unknown field "${key}".`,
        suggestion: near === undefined ? 'Remove it, or put the text into a "note".' : `Did you mean "${near}"?`,
      };
    });
  });
}

type Issue = z.ZodError['issues'][number];

/** How a value that does not fit is written; empty where the message says it all. */
export function suggestionFor(issue: Issue): string {
  if (issue.code === 'invalid_format' && issue.format === 'datetime') return 'Write it as 2026-12-24T18:00:00Z (UTC).';
  return issue.code === 'invalid_type' ? (toWrite[issue.expected] ?? '') : '';
}

const toWrite: Record<string, string> = {
  boolean: 'Write true or false, without quotes.',
  number: 'Write a number, without quotes.',
  int: 'Write a whole number, without quotes.',
  string: 'Write a text in double quotes.',
  array: 'Write a list in square brackets.',
  object: 'Write { } with its fields in it.',
  record: 'Write { } with its entries in it.',
};

/** The word at most two typing errors away, if any. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({ candidate, distance: editDistance(word, candidate) }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= 2 && best.distance < word.length ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
