import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { SoakedProgram } from './program.ts';

let next = 0;

/** A connection from one of many addresses of loopback: one alone would run out of ports that wait for their end. */
export function dial({ port }: Pick<SoakedProgram, 'port'>): Socket {
  next = (next + 1) % 250;
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${next + 1}`, noDelay: true });
  socket.on('error', () => undefined);
  return socket;
}

export function headOf(program: Pick<SoakedProgram, 'cookie'>, first: string, ...headers: string[]): string {
  return [`${first} HTTP/1.1`, 'Host: h', `Cookie: ${program.cookie}`, ...headers, '', ''].join('\r\n');
}

/** Whether this is a whole answer, by its length or its chunks. */
export function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))?.[1];
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length);
}
