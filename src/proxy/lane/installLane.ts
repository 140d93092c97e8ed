import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createOneATurn } from '../oneATurn.ts';
import { LaneConnection } from './laneConnection.ts';
import type { LaneOptions } from './laneConnection.ts';

/**
 * Puts the lane in front of a server of node:http(s): every connection begins in the lane, and the server's own reader
 * gets those that need it. What ends the server's connections ends those in the lane too.
 */
export function installLane(server: Server, options: Omit<LaneOptions, 'handOver' | 'onGone'>): void {
  const event = server.listenerCount('secureConnection') > 0 ? 'secureConnection' : 'connection';
  const readers = server.listeners(event) as ((socket: Socket) => void)[];
  const open = new Set<LaneConnection>();
  const give = (socket: Socket, bytes: Buffer): void => {
    socket.unshift(bytes);
    for (const read of readers) read.call(server, socket);
    socket.resume();
  };
  // Its reader costs more than all of the lane: a wave of connections for it must not hold up those that need none of it
  const inTurn = createOneATurn();
  const all: LaneOptions = {
    ...options,
    handOver(socket, bytes) {
      socket.pause();
      socket.on('error', ignore);
      inTurn(() => socket.destroyed || give(socket, bytes));
    },
    onGone: (connection) => open.delete(connection),
  };
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => open.add(new LaneConnection(socket, all)));

  const closeIdle = server.closeIdleConnections.bind(server);
  const closeAll = server.closeAllConnections.bind(server);
  server.closeIdleConnections = () => {
    for (const connection of open) connection.close();
    closeIdle();
  };
  server.closeAllConnections = () => {
    for (const connection of open) connection.destroy();
    closeAll();
  };
}

function ignore(): void {}
