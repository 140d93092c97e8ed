import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A log of this length is put aside, and another begun, bytes: so a service has twice that at most. */
const most = 4 * 1024 * 1024;
/** What a service writes faster than one piece (at most 64 KiB) in so long has to wait, ms. */
const pauseMs = 50;

/**
 * Writes what a service says into its log, until it has said all. The service never has the file itself: it could make it
 * as long as the disk is large. It ends with the gateway, so a pipe serves.
 */
export async function keepServiceLog(path: string, output: Readable): Promise<void> {
  let { file, size } = await begin(path);
  const write = async (chunk: Buffer): Promise<void> => {
    if (size + chunk.length > most) {
      await file.close();
      ({ file, size } = await begin(path));
    }
    size += chunk.length;
    await file.write(chunk);
  };
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) {
      // On a full disk what it says is lost: it goes on all the same.
      await write(chunk).catch(() => {});
      await sleep(pauseMs, undefined, { ref: false });
    }
  } finally {
    await file.close().catch(() => {});
  }
}

async function begin(path: string): Promise<{ file: FileHandle; size: number }> {
  await rename(path, `${path}.1`).catch(() => undefined);
  return { file: await open(path, 'a', 0o600), size: 0 };
}
