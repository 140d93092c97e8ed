import { expect, test } from 'vitest';
import { ownersOf } from '../../../src/listen/portOwner.ts';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (local: string, state: string, uid: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 23445 1`;

test.each([
  ['loopback', '0100007F:1F90', '0A', [1001]],
  ['every address', '00000000:1F90', '0A', [1001]],
  ['every address of IPv6', '00000000000000000000000000000000:1F90', '0A', [1001]],
  ['loopback as IPv6', '0000000000000000FFFF00000100007F:1F90', '0A', [1001]],
  ['another port', '0100007F:1F91', '0A', []],
  ['another address', '0200007F:1F90', '0A', []],
  ['a connection', '0100007F:1F90', '01', []],
])('who listens at %s', (_, local, state, owners) => {
  expect(ownersOf([head, line(local, state, 1001)].join('\n'), 8080)).toEqual(owners);
});

test('two that listen are both told', () => {
  const table = [head, line('0100007F:1F90', '0A', 1001), line('00000000:1F90', '0A', 1002)].join('\n');
  expect(ownersOf(table, 8080)).toEqual([1001, 1002]);
});
