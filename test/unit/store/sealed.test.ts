import { expect, test } from 'vitest';
import { z } from 'zod';
import { emptyRecord } from '../../../src/servers/records.ts';
import { changeLine, headLine } from '../../../src/store/changeLines.ts';
import { stateKind } from '../../../src/store/kinds.ts';
import { awake, keysOf } from '../../../src/store/lateMap.ts';
import { readAppended } from '../../../src/store/readAppended.ts';
import { stateSchema } from '../../../src/store/schema.ts';
import type { ServerRecord, StateData } from '../../../src/store/schema.ts';
import { readSealed } from '../../../src/store/seal.ts';
import { createSerialise } from '../../../src/store/serialise.ts';
import { randomBy } from '../../helpers/storeCuts.ts';
import { until } from '../../helpers/until.ts';

const server = (owner: string, more: Partial<ServerRecord> = {}): ServerRecord => ({
  ...emptyRecord({ owner, name: '' }),
  startedAt: '2026-11-26T00:00:00.000Z',
  ...more,
});

/** Whose text is not plain: what tells records apart stands in their strings. */
const records: ServerRecord[] = [
  server('ann'),
  server('bob', { phase: 'ready', options: { phase: 'stopped' } }),
  server('co"l": {in', { command: '"\n  }\n    "x": {\u2028\\' }),
  server('"phase":"stopped",', { phase: 'failed' }),
  server('__proto__'),
  server('dee', { displayName: '}', phase: 'queued', command: '"owner":"x","name":"","phase":"stopped",' }),
  server('fay', { handle: { kind: 'process', process: { pid: 7, startTime: '1', bootId: 'b' }, runFile: '/run/fay' } }),
  server('guy', { runFile: '/run/guy' }),
  server('eve', { options: { memory: '2G', of: [1, { a: null }] } }),
];
const data = (servers = records): StateData => ({
  ...stateKind.empty(),
  servers: Object.fromEntries(servers.map((record) => [`${record.owner}/`, record])),
  choices: { 'ann/default': { text: '\n  "servers": {' } },
});
const text = createSerialise(stateKind)(data(), 7);
const serversOf = (from = text): Record<string, ServerRecord> =>
  readSealed(stateKind, from)?.['servers'] as Record<string, ServerRecord>;

test('what the program has written is read as it is, in its order', () => {
  const result = readAppended(stateKind, text, undefined);
  expect(result).toMatchObject({ ok: true, revision: 7 });
  const found = result.ok ? result.data : stateKind.empty();
  expect(Object.keys(found.servers)).toEqual(Object.keys(data().servers));
  expect(Object.entries(found.servers)).toEqual(Object.entries(data().servers));
  expect({ ...found, servers: { ...found.servers } }).toEqual(data());
  const frozen = Object.values(found.servers).every(
    (record) => Object.isFrozen(record) && Object.isFrozen(record.options),
  );
  expect(frozen).toBe(true);
  expect(createSerialise(stateKind)(found, 7)).toBe(text);
  expect(serversOf(createSerialise(stateKind)(data([]), 1))).toEqual({});
});

test('servers at rest, and they alone, are left unread until somebody asks', async () => {
  const servers = serversOf();
  const ownersNow = () => awake(servers).map(({ owner }) => owner);
  expect(keysOf(servers)).toHaveLength(records.length);
  const busy = records.filter(
    ({ phase, handle, runFile }) => phase !== 'stopped' || handle !== null || runFile !== null,
  );
  expect(busy.map(({ owner }) => owner)).toEqual(expect.arrayContaining(['bob', 'fay', 'guy']));
  expect(ownersNow()).toEqual(busy.map(({ owner }) => owner));
  expect(servers['eve/']?.options).toEqual(records.at(-1)?.options);
  expect(ownersNow()).toContain('eve');
  await until(() => ownersNow().length === records.length);
});

test('what is changed or removed before it was read stays so', async () => {
  const servers = serversOf();
  servers['ann/'] = server('ann', { phase: 'queued' });
  delete servers['__proto__/'];
  expect(awake(servers).find(({ owner }) => owner === 'ann')?.phase).toBe('queued');
  await until(() => awake(servers).length === records.length - 1);
  expect(servers['ann/']?.phase).toBe('queued');
  expect(Object.hasOwn(servers, '__proto__/')).toBe(false);
});

test('one that is changed anywhere is looked at like what a person wrote', () => {
  const random = randomBy(3);
  for (let round = 0; round < 500; round += 1) {
    const at = random(text.length);
    const other = String.fromCharCode(32 + random(90));
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    if (changed !== text) expect(readSealed(stateKind, changed)).toBeUndefined();
  }
  expect(readSealed(stateKind, text.slice(0, -1))).toBeUndefined();
  expect(readSealed(stateKind, text.replace('"phase":"ready"', '"phase":"stopped"'))).toBeUndefined();
});

test('a record that was edited is taken where it is good, and explained where it is not', () => {
  const good = readAppended(stateKind, text.replace('"memory":"2G"', '"memory":"8G"'), undefined);
  expect(good).toMatchObject({ ok: true, data: { servers: { 'eve/': { options: { memory: '8G' } } } } });
  const bad = readAppended(stateKind, text.replace('"phase":"ready"', '"phase":"reddy"'), undefined);
  const [line] = text.split('\n').flatMap((one, index) => (one.includes('"phase":"ready"') ? [index + 1] : []));
  expect(bad).toMatchObject({ ok: false, faults: [{ line }] });
});

test('one that was written by another schema is checked by this one', () => {
  const schema = stateSchema.extend({ later: z.string().optional() });
  expect(readSealed({ ...stateKind, schema }, text)).toBeUndefined();
});

test('later changes go over it; one that the schema refuses is found', () => {
  const change = (key: string, after: unknown): string =>
    headLine(7) + changeLine({ revision: 8, after: 7, changes: [{ map: 'servers', key, before: undefined, after }] });
  const moved = readAppended(stateKind, text, change('ann/', server('ann', { phase: 'ready' })));
  expect(moved).toMatchObject({ ok: true, revision: 8, data: { servers: { 'ann/': { phase: 'ready' } } } });
  const gone = readAppended(stateKind, text, change('ann/', undefined));
  expect(gone.ok && Object.keys(gone.data.servers)).not.toContain('ann/');
  expect(readAppended(stateKind, text, change('ann/', { owner: 'ann' }))).toMatchObject({ ok: false });
});
