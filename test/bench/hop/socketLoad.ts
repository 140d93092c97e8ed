import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { cpu, memory } from './peer.ts';
import type { RunningPeer } from './peer.ts';
import { socketUser } from './world.ts';

const talking = 32;
const message = Buffer.alloc(128, 'x');
/** Opened before idle ones are counted, so that what a program makes once is not counted as theirs. */
const before = 500;

async function open(peer: RunningPeer): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${peer.port}/user/${socketUser}/subscriptions`, {
    headers: { cookie: peer.cookie(socketUser) },
    perMessageDeflate: false,
  });
  await once(socket, 'open');
  return socket;
}

/** Opens in small groups: what is measured is the proxy, not its queue. */
async function openMany(peer: RunningPeer, count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(20, count - sockets.length) }, () => open(peer)))),
    );
  return sockets;
}

async function closeAll(sockets: readonly WebSocket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      const closed = once(socket, 'close');
      socket.terminate();
      return closed;
    }),
  );
}

/** Some connections, each of which sends its message again as soon as it comes back. */
export async function loadMessages(peer: RunningPeer, seconds: number): Promise<{ perS: number; cpuUs: number }> {
  const sockets = await openMany(peer, talking);
  let messages = 0;
  for (const socket of sockets) {
    socket.on('message', () => {
      messages += 1;
      socket.send(message);
    });
    socket.send(message);
  }
  await wait(300);
  const cpuStart = cpu(peer);
  messages = 0;
  const start = performance.now();
  await wait(seconds * 1000);
  const tookS = (performance.now() - start) / 1000;
  const cpuUs = (cpu(peer) - cpuStart) / messages;
  const perS = messages / tookS;
  await closeAll(sockets);
  return { perS, cpuUs };
}

export async function loadHandshakes(peer: RunningPeer, count: number): Promise<{ cpuUs: number }> {
  const start = cpu(peer);
  const sockets = await openMany(peer, count);
  const cpuUs = (cpu(peer) - start) / count;
  await closeAll(sockets);
  return { cpuUs };
}

/** Of a program that has just been started and has served nobody else. */
export async function measureIdle(peer: RunningPeer, count: number): Promise<{ 'KiB each': number }> {
  const sockets = await openMany(peer, before);
  await wait(1500);
  const start = memory(peer);
  sockets.push(...(await openMany(peer, count)));
  await wait(3000);
  const kib = memory(peer) - start;
  await closeAll(sockets);
  return { 'KiB each': kib / count };
}
