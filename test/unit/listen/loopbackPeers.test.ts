import { expect, test } from 'vitest';
import { clientsOf } from '../../../src/listen/loopbackPeers.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
   3: 0100007F:D432 0100007F:1F91 01 00000000:00000000 00:00000000 00000000  1002        0 4 1 0 100 0 0 10 0
`;

test('the clients of a port of loopback, with the account of each', () => {
  expect([...clientsOf(table, 8080)]).toEqual([[0xd431, 1001]]);
  expect([...clientsOf('', 8080)]).toEqual([]);
});
