import { expect, test } from 'vitest';
import { createAdmission } from '../../../src/servers/admission.ts';

const never = new AbortController().signal;
const keyOf = (id: string): { owner: string; name: string } => {
  const [owner = '', name = ''] = id.split('/');
  return { owner, name };
};

test('starts beyond the limit wait in order, see their place, and may leave the queue', async () => {
  const admission = createAdmission({ startsAtOnce: 1, present: () => [] });
  const places: string[] = [];
  const enter = (name: string, signal = never) =>
    admission.enter(keyOf(name), (place) => places.push(`${name}${place}`), signal).then((leave) => ({ name, leave }));
  const first = await enter('a');
  const gone = new AbortController();
  const [second, third, fourth] = [enter('b'), enter('c', gone.signal), enter('d')];
  gone.abort(new Error('cancelled'));
  await expect(third).rejects.toThrow('cancelled');
  expect(places).toEqual(['b1', 'b1', 'c2', 'b1', 'c2', 'd3', 'b1', 'd2']);
  first.leave();
  first.leave();
  (await second).leave();
  expect((await fourth).name).toBe('d');
});

test('a full site lets nobody start until a server has ended; one that starts is not counted twice', async () => {
  const present = new Set(['x/', 'y/']);
  const admission = createAdmission({ startsAtOnce: 9, most: 3, present: () => present });
  const told: string[] = [];
  const leave = await admission.enter(keyOf('a'), () => told.push('a'), never);
  present.add('a/');
  const second = admission.enter(keyOf('b'), (place, why) => told.push(`b${place}${why}`), never);
  leave();
  expect(told.at(-1)).toBe('b1servers');
  present.delete('x/');
  admission.retry();
  await second;
  expect(told).not.toContain('a');
});

test('twelve starts of one account that hang hold up nobody else', async () => {
  const admission = createAdmission({ startsAtOnce: 4, present: () => [] });
  const waits = new Map<string, string>();
  const enter = (id: string) =>
    admission.enter(keyOf(id), (place, why) => waits.set(id, `${place}${why}`), never).then(() => waits.set(id, 'in'));
  for (let index = 0; index < 12; index += 1) void enter(`mallory/${index}`);
  await enter('alice/');
  await enter('bob/');
  expect([...waits].filter(([, wait]) => wait === 'in').map(([id]) => id)).toEqual([
    'mallory/0',
    'mallory/1',
    'alice/',
    'bob/',
  ]);
  expect(waits.get('mallory/2')).toBe('1own');
});

test('accounts take turns: the first start of each, then the second of each', async () => {
  const admission = createAdmission({ startsAtOnce: 1, present: () => [] });
  const order: string[] = [];
  const waits = new Map<string, number>();
  const leaves: (() => void)[] = [];
  const enter = async (id: string): Promise<void> => {
    leaves.push(await admission.enter(keyOf(id), (place) => waits.set(id, place), never));
    order.push(id);
  };
  const all = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1'].map(enter);
  expect(Object.fromEntries(waits)).toMatchObject({ 'b/1': 1, 'c/1': 2, 'a/2': 4 });
  for (const _ of all) {
    await new Promise(setImmediate);
    leaves.shift()?.();
  }
  await Promise.all(all);
  expect(order).toEqual(['a/1', 'b/1', 'c/1', 'a/2', 'b/2', 'a/3']);
});
