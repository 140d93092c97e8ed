import { expect, test } from 'vitest';
import { viewBefore } from '../../../src/store/before.ts';
import { applyChanges, collectChanges } from '../../../src/store/draft.ts';
import { freezeJson } from '../../../src/store/json.ts';

interface Doc {
  version: number;
  people: Record<string, { age?: number; tags?: string[]; pet?: { name: string } }>;
}

function makeDoc(): Doc {
  const people = { ann: { age: 1, tags: ['a'] }, bob: { age: 2, pet: { name: 'rex' } } };
  return { version: 1, people: { ann: freezeJson(people.ann), bob: freezeJson(people.bob) } };
}

test('fields, nested fields, arrays, new and removed records are seen; the document itself is untouched', () => {
  const doc = makeDoc();
  const changes = collectChanges(doc, (draft) => {
    draft.people['ann']!.age = 9;
    draft.people['ann']!.tags!.push('b');
    draft.people['bob']!.pet!.name = 'tom';
    draft.people['cy'] = { age: 3 };
    delete draft.people['bob']!.age;
  });
  expect(doc).toEqual(makeDoc());
  applyChanges(doc, changes);
  expect(doc.people).toEqual({
    ann: { age: 9, tags: ['a', 'b'] },
    bob: { pet: { name: 'tom' } },
    cy: { age: 3 },
  });
});

test('only touched records are copied', () => {
  const doc = makeDoc();
  const { bob } = doc.people;
  applyChanges(
    doc,
    collectChanges(doc, (draft) => void (draft.people['ann']!.age = 5)),
  );
  expect(doc.people['bob']).toBe(bob);
});

test('writing what is there already is no change', () => {
  const doc = makeDoc();
  const changes = collectChanges(doc, (draft) => {
    draft.people['ann'] = { tags: ['a'], age: 1 };
    draft.people['bob']!.age = 2;
    delete draft.people['nobody'];
  });
  expect(changes).toEqual([]);
});

test('a map may be replaced as a whole, from its own draft', () => {
  const doc = makeDoc();
  const changes = collectChanges(doc, (draft) => {
    draft.people = Object.fromEntries(Object.entries(draft.people).filter(([name]) => name !== 'ann'));
  });
  expect(changes.map(({ key, after }) => [key, after])).toEqual([['ann', undefined]]);
});

test('a draft reads back its own changes', () => {
  collectChanges(makeDoc(), (draft) => {
    draft.people['cy'] = { age: 3 };
    draft.people['cy'].age = 4;
    delete draft.people['ann'];
    expect(Object.keys(draft.people)).toEqual(['bob', 'cy']);
    expect('ann' in draft.people).toBe(false);
    expect(draft.people['ann']).toBeUndefined();
    expect(JSON.stringify(draft.people)).toBe('{"bob":{"age":2,"pet":{"name":"rex"}},"cy":{"age":4}}');
  });
});

test('a record is copied in: what the caller does with it later changes nothing', () => {
  const doc = makeDoc();
  const mine = { age: 1, tags: ['x'] };
  const changes = collectChanges(doc, (draft) => void (draft.people['cy'] = mine));
  mine.tags.push('y');
  expect(changes[0]?.after).toEqual({ age: 1, tags: ['x'] });
});

test('names that every object inherits are ordinary keys', () => {
  const doc = makeDoc();
  expect(collectChanges(doc, (draft) => void draft.people['constructor'])).toEqual([]);
  const changes = collectChanges(doc, (draft) => void (draft.people['constructor'] = { age: 7 }));
  expect(changes).toEqual([{ map: 'people', key: 'constructor', before: undefined, after: { age: 7 } }]);
});

test('the view of before shows the old records and shares the rest', () => {
  const doc = makeDoc();
  const changes = collectChanges(doc, (draft) => {
    delete draft.people['ann'];
    draft.people['cy'] = {};
  });
  applyChanges(doc, changes);
  const before = viewBefore(doc, changes);
  expect(before).toEqual(makeDoc());
  expect(before.people['bob']).toBe(doc.people['bob']);
});
