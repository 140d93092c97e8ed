import type { Fault, Place } from './faults.ts';

/** Where each value of a JSON text stands. */
interface Node {
  start: number;
  fields?: Map<string, { keyStart: number; node: Node }>;
  items?: Node[];
}

export interface Scan {
  /** Faults of syntax (at most one: what follows it cannot be trusted), keys twice in one object, forbidden keys. */
  faults: Fault[];
  /** Line and column of the value at a path, or of the nearest thing around it. */
  place: Place;
}

class SyntaxFault extends Error {
  readonly offset: number;
  readonly suggestion: string;
  constructor(offset: number, message: string, suggestion: string) {
    super(message);
    this.offset = offset;
    this.suggestion = suggestion;
  }
}

const maxDepth = 64;

/**
 * Reads JSON (RFC 8259) for its places and faults, not for its values: `JSON.parse` tells neither the line nor that
 * a key stands twice, of which it silently drops the first.
 */
export function scanJson(text: string): Scan {
  const faults: Fault[] = [];
  const report = (offset: number, path: string, message: string, suggestion: string): void => {
    faults.push({ ...lineAndColumn(text, offset), path, message, suggestion });
  };
  let root: Node = { start: 0 };
  try {
    root = scanDocument(text, report);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    report(error.offset, '', error.message, error.suggestion);
  }
  return { faults, place: (path) => lineAndColumn(text, offsetOf(root, path)) };
}

type Report = (offset: number, path: string, message: string, suggestion: string) => void;

function scanDocument(text: string, report: Report): Node {
  let at = 0;
  refuseStrangeStart(text);
  const root = value([]);
  skipSpace();
  if (at < text.length) fail(at, 'There is text after the end of the document.', 'Remove it.');
  return root;

  function value(path: string[]): Node {
    skipSpace();
    if (path.length > maxDepth) fail(at, `Nested deeper than ${maxDepth} levels.`, 'No record needs that.');
    const first = text[at];
    if (first === '{') return object(path);
    if (first === '[') return array(path);
    const start = at;
    if (first === '"') string();
    else literal();
    return { start };
  }

  function object(path: string[]): Node {
    const node = { start: at, fields: new Map<string, { keyStart: number; node: Node }>() };
    at++;
    members('}', () => {
      const keyStart = at;
      if (text[at] !== '"') fail(at, 'A field name in double quotes is expected here.', hintAt(at));
      const key = string();
      const where = [...path, key];
      if (key === '__proto__') report(keyStart, where.join('.'), 'The name "__proto__" cannot be used.', 'Remove it.');
      if (node.fields.has(key))
        report(keyStart, where.join('.'), `"${key}" stands twice in the same place.`, 'Rename or remove one of them.');
      skipSpace();
      if (text[at] !== ':') fail(at, 'A colon is expected after the field name.', hintAt(at));
      at++;
      node.fields.set(key, { keyStart, node: value(where) });
    });
    return node;
  }

  function array(path: string[]): Node {
    const node = { start: at, items: [] as Node[] };
    at++;
    members(']', () => node.items.push(value([...path, String(node.items.length)])));
    return node;
  }

  /** Comma-separated things up to `end`. */
  function members(end: '}' | ']', member: () => void): void {
    skipSpace();
    if (text[at] === end) return void at++;
    for (;;) {
      member();
      const afterMember = at;
      skipSpace();
      if (text[at] === end) return void at++;
      if (text[at] !== ',') fail(...missingComma(afterMember, end));
      const comma = at++;
      skipSpace();
      if (text[at] === end) fail(comma, `There is a comma too many before "${end}".`, 'Remove it.');
    }
  }

  function missingComma(offset: number, end: string): [number, string, string] {
    if (at >= text.length) return [at, `The file ends before its last "${end}".`, truncatedHint];
    if (text[at] === '/' || text[at] === '#') return [at, 'JSON has no comments.', commentHint];
    return [offset, `A comma or "${end}" is missing here.`, hintAt(at)];
  }

  function string(): string {
    const start = at++;
    for (; at < text.length; at++) {
      const character = text[at] as string;
      if (character === '\\') at++;
      else if (character === '"') break;
      else if (character < ' ') fail(at, 'A text may not hold a line break or control character.', 'Close it with ".');
    }
    if (at >= text.length) fail(start, 'The file ends within this text.', truncatedHint);
    at++;
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch {
      return fail(start, 'This text holds a backslash that JSON does not know.', 'Write \\\\ for a backslash.');
    }
  }

  function literal(): void {
    const word = /[^\s,:{}[\]"]*/y;
    word.lastIndex = at;
    const found = word.exec(text)?.[0] ?? '';
    if (!/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(found))
      fail(at, at >= text.length ? 'The file ends where a value is expected.' : 'This is no JSON value.', hintAt(at));
    at += found.length;
  }

  function skipSpace(): void {
    while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at++;
  }

  function hintAt(offset: number): string {
    if (offset >= text.length) return truncatedHint;
    const rest = text.slice(offset, offset + 10);
    if (/^(?:\/\/|\/\*|#)/.test(rest)) return commentHint;
    if (rest.startsWith("'")) return 'Use double quotes.';
    if (/^(?:True|False|None)\b/.test(rest)) return 'Write true, false or null.';
    if (rest.startsWith(',')) return 'Is there a comma too many?';
    return /^[A-Za-z_]/.test(rest) ? 'Put texts and names into double quotes.' : '';
  }
}

const truncatedHint = 'Was it cut off (disk full, power cut)? The folder "backups" has earlier versions.';
const commentHint = 'Remove the comment, or put it into a "note" field.';

function refuseStrangeStart(text: string): void {
  if (text.startsWith('\uFEFF')) fail(0, 'The file begins with a byte order mark.', 'Save it as UTF-8 without BOM.');
  const zero = text.indexOf('\0');
  if (zero >= 0) fail(zero, 'The file holds zero bytes, as after a power cut.', truncatedHint);
  if (text.trim() === '') fail(0, 'The file is empty.', truncatedHint);
}

function fail(offset: number, message: string, suggestion: string): never {
  throw new SyntaxFault(offset, message, suggestion);
}

function offsetOf(root: Node, path: readonly PropertyKey[]): number {
  let node = root;
  let offset = root.start;
  for (const step of path) {
    const field = node.fields?.get(String(step));
    const next = field?.node ?? node.items?.[Number(step)];
    if (next === undefined) break;
    offset = field?.keyStart ?? next.start;
    node = next;
  }
  return offset;
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastBreak };
}
