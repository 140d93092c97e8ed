import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long what comes behind the last answer of a connection is thrown away, ms. */
const lingerMs = 2000;
/** How much of it, bytes: beyond, nothing more is read until the connection is closed. */
const lingerBytes = 1024 * 1024;

const ending = Symbol('its last answer has been given');
type Marked = Duplex & { [ending]?: true };

/**
 * Whether what comes on a connection has nobody to answer it. Node reads on until its last answer has gone out, and would
 * have us carry what a client sent behind a request that was refused for good.
 */
export function isEnding(socket: Duplex): boolean {
  return (socket as Marked)[ending] === true || !socket.writable;
}

/** The answer under way is the last of its connection. The caller sends `Connection: close` with it. */
export function endAfterAnswer({ socket }: Pick<IncomingMessage, 'socket'>): void {
  (socket as Marked)[ending] = true;
  socket.destroySoon = () => endSoftly(socket);
}

/** The same where somebody else makes the answer, whose head has not been sent. */
export function closeAfterAnswer(req: IncomingMessage, res: ServerResponse): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  res.setHeader('connection', 'close');
  endAfterAnswer(req);
}

/**
 * Ends a connection so that its client gets the last answer: what it still sends is thrown away for a while, where to
 * close at once would reset it and the answer may be lost (RFC 9112, 9.6). Takes it from the parser, which would refuse
 * every further byte anew.
 */
export function endSoftly(socket: Duplex, last: string | Buffer = ''): void {
  let left = lingerBytes;
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.pause();
  });
  socket.end(last);
  socket.resume();
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}
