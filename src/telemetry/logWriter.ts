import { writeSync } from 'node:fs';

/** Bytes that wait while nothing can be written; lines beyond that are lost, and counted. */
const mostWaiting = 64 * 1024;
const retryMs = 100;

/**
 * Writes lines to a descriptor as they come, and never throws: a log on a full disk, or a reader that is slow or gone, is
 * no error of what is logged. When there is room again, `lostLine` says in a line of its own how many were lost.
 * (pino's own destination throws from its event `error`, and retries for ever when it is flushed.)
 */
export function createLogWriter(fd: number, lostLine: (count: number) => string): (line: string) => void {
  const waiting: Buffer[] = [];
  let size = 0;
  let lost = 0;
  let retry: NodeJS.Timeout | undefined;

  function flush(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const written = tryWrite(fd, next);
      size -= written;
      if (written < next.length) {
        waiting[0] = next.subarray(written);
        retry ??= setTimeout(flushLater, retryMs).unref();
        return;
      }
      waiting.shift();
    }
  }

  function flushLater(): void {
    retry = undefined;
    flush();
  }

  function add(line: string): boolean {
    const bytes = Buffer.from(line);
    if (size + bytes.length > mostWaiting && size > 0) return false;
    waiting.push(bytes);
    size += bytes.length;
    return true;
  }

  return (line) => {
    flush();
    if (lost > 0 && add(lostLine(lost))) lost = 0;
    if (!add(line)) lost += 1;
    flush();
  };
}

/** How many bytes were written; none where it failed. */
function tryWrite(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
