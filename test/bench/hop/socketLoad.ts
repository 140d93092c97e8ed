import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { cpu, memory } from './peer.ts';
import type { RunningPeer } from './peer.ts';
import { socketUser } from './world.ts';

export interface SocketFigures {
  messagesPerS: number;
  cpuUsPerMessage: number;
  cpuUsPerHandshake: number;
  kibPerIdle: number;
}

const talking = 32;
const message = Buffer.alloc(128, 'x');

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

export async function loadSockets(
  peer: RunningPeer,
  { seconds, idle }: { seconds: number; idle: number },
): Promise<SocketFigures> {
  const memoryBefore = memory(peer);
  const cpuBefore = cpu(peer);
  const sockets = await openMany(peer, idle);
  const cpuUsPerHandshake = (cpu(peer) - cpuBefore) / idle;
  await wait(1500);
  const kibPerIdle = (memory(peer) - memoryBefore) / idle;
  for (const socket of sockets.splice(talking)) socket.terminate();
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
  const cpuUsPerMessage = (cpu(peer) - cpuStart) / messages;
  for (const socket of sockets) socket.terminate();
  return { messagesPerS: messages / tookS, cpuUsPerMessage, cpuUsPerHandshake, kibPerIdle };
}
