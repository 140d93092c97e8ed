import { expect, test } from 'vitest';
import { surplus } from '../../../src/store/backups.ts';

const at = (time: string): string => `admin.20261124T${time}.json`;

test('the newest stay, and the last of each earlier hour', () => {
  const names = [
    at('080000000Z'),
    at('083000000Z'),
    at('090000000Z'),
    at('101000000Z'),
    at('102000000Z'),
    at('103000000Z'),
  ];
  expect(surplus(names, 2)).toEqual([at('080000000Z'), at('101000000Z')]);
});

test('a busy hour pushes out itself, and in the end there are at most twice as many as are kept', () => {
  const hours = Array.from({ length: 24 }, (_, hour) => at(`${String(hour).padStart(2, '0')}0000000Z`));
  expect(hours.length - surplus(hours, 5).length).toBe(10);
  const busy = Array.from({ length: 60 }, (_, minute) => at(`12${String(minute).padStart(2, '0')}00000Z`));
  expect(busy.length - surplus(busy, 5).length).toBe(5);
});
