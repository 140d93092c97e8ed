import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { dial, headOf } from './client.ts';
import type { SoakedProgram } from './program.ts';

const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
/** Masked text of three bytes, and a close frame with code 1000. */
const hello = Buffer.of(0x81, 0x83, 0, 0, 0, 0, 0x61, 0x62, 0x63);
const goodbye = Buffer.of(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8);

/** Ways in which a WebSocket ends: by the client, by the server, or before it has begun. */
const ends: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['ws', (socket) => socket.end(goodbye)],
  ['ws', (socket) => socket.resetAndDestroy()],
  ['ws', (socket) => socket.end()],
  ['ws', (socket) => socket.destroy()],
  ['ws', (socket) => socket.write(hello.subarray(0, 4), () => socket.destroy())],
  ['wsdie', () => undefined],
  ['wsend', () => undefined],
  ['wsno', () => undefined],
  ['silent', (socket) => socket.destroy()],
  ['silent', (socket) => socket.end()],
  ['die', () => undefined],
];

/** Opens that many, `together` at a time, has each say something, and ends each in its own way. */
export async function floodSockets(
  program: SoakedProgram,
  count: number,
  { together = 1000, onPeak }: { together?: number; onPeak?: () => void } = {},
): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  for (let opened = 0; opened < count; opened += together) {
    const batch: { socket: Socket; end: (socket: Socket) => void; answered: Promise<string> }[] = [];
    for (let i = 0; i < Math.min(together, count - opened); i += 1) {
      const [what, end] = ends[i % ends.length]!;
      const socket = dial(program);
      socket.write(headOf(program, `GET ${program.prefixes[i % 2]}${what}`, ...upgrade, key), 'latin1');
      const patient = what !== 'silent';
      const answered = statusOf(socket, patient).then((status) => `${what}: ${status}`);
      batch.push({ socket, end, answered });
      if (i % 50 === 49) await Promise.all(batch.slice(-50).map((one) => one.answered));
    }
    for (const outcome of await Promise.all(batch.map((one) => one.answered)))
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    for (const { socket } of batch) if (!socket.destroyed) socket.write(hello);
    onPeak?.();
    await wait(50);
    for (const { socket, end } of batch) if (!socket.destroyed) end(socket);
    await wait(100);
    for (const { socket } of batch) socket.destroy();
  }
  return outcomes;
}

/** Of the answer to the handshake; `none` where it does not come at once. */
function statusOf(socket: Socket, patient: boolean): Promise<string> {
  return new Promise((resolve) => {
    const cut = patient ? undefined : setTimeout(() => resolve('none'), 5);
    const done = (status: string): void => {
      clearTimeout(cut);
      resolve(status);
    };
    socket.once('data', (chunk: Buffer) => done(chunk.toString('latin1', 9, 12)));
    socket.on('data', () => undefined);
    socket.once('close', () => done('broken off'));
  });
}
