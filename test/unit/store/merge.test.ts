import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyChanges } from '../../../src/store/draft.ts';
import { mergeDocuments } from '../../../src/store/merge.ts';

type Doc = { people: Record<string, Record<string, unknown>> };
const doc = (people: Doc['people']): Doc => ({ people });

function merge(base: Doc | undefined, theirs: Doc, mine: Doc) {
  const merged = mergeDocuments(['people'], { base, theirs, mine });
  const result = structuredClone(mine);
  applyChanges(result, merged.changes);
  return { result: result.people, ...merged };
}

test('lists of names are merged as sets', () => {
  const { result, conflicts } = merge(
    doc({ ops: { members: ['a', 'b'] } }),
    doc({ ops: { members: ['b', 'hand'] } }),
    doc({ ops: { members: ['a', 'b', 'program'] } }),
  );
  expect(result).toEqual({ ops: { members: ['b', 'hand', 'program'] } });
  expect(conflicts).toEqual([]);
});

test('removed by hand, changed by the program: removed, and both are told', () => {
  const { result, conflicts } = merge(doc({ a: { x: 1 } }), doc({}), doc({ a: { x: 2 } }));
  expect(result).toEqual({});
  expect(conflicts).toEqual([{ path: 'people.a', base: { x: 1 }, kept: undefined, dropped: { x: 2 } }]);
});

test('without the version it was begun from, nothing is removed and differences are conflicts', () => {
  const { result, conflicts } = merge(undefined, doc({ a: { x: 1 } }), doc({ a: { x: 2, y: 3 }, b: {} }));
  expect(result).toEqual({ a: { x: 1, y: 3 }, b: {} });
  expect(conflicts.map(({ path }) => path)).toEqual(['people.a.x']);
});

const record = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 3 }), { noNullPrototype: true });
const people = fc.dictionary(fc.constantFrom('a', 'b', 'c'), record, { noNullPrototype: true }).map(doc);

test('what one side alone changed is taken whole; both the same is no conflict', () => {
  fc.assert(
    fc.property(people, people, (base, changed) => {
      expect(merge(base, changed, base).result).toEqual(changed.people);
      expect(merge(base, base, changed).result).toEqual(changed.people);
      expect(merge(base, changed, changed)).toMatchObject({ result: changed.people, conflicts: [] });
    }),
  );
});

test('each field is of one of the sides; the program’s value is dropped only where a conflict says so', () => {
  fc.assert(
    fc.property(people, people, people, (base, theirs, mine) => {
      const { result, conflicts, complete } = merge(base, theirs, mine);
      const told = (path: string): boolean =>
        conflicts.some((one) => path === one.path || path.startsWith(`${one.path}.`));
      for (const key of ['a', 'b', 'c'])
        for (const field of ['x', 'y', 'z']) {
          const [b, t, m, r] = [base, theirs, mine, { people: result }].map((one) => one.people[key]?.[field]);
          if (t !== b) expect(r === t || (m !== b && t === undefined && told(`people.${key}`))).toBe(true);
          else if (m !== b && r !== m) expect(told(`people.${key}.${field}`)).toBe(true);
        }
      expect(complete).toBe(JSON.stringify(sorted(result)) === JSON.stringify(sorted(theirs.people)));
    }),
  );
});

function sorted(value: Record<string, Record<string, unknown>>): unknown {
  const order = (one: object): [string, unknown][] => Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1));
  return order(value).map(([key, fields]) => [key, order(fields as object)]);
}
