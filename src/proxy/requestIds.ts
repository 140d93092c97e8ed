import { randomFillSync } from 'node:crypto';

/** Random request ids of 16 hex digits. Randomness is fetched for many at once: it is needed at every request. */
export function createRequestIds(): () => string {
  const bytes = Buffer.alloc(8 * 512);
  let at = bytes.length;
  return () => {
    if (at === bytes.length) {
      randomFillSync(bytes);
      at = 0;
    }
    at += 8;
    return bytes.toString('hex', at - 8, at);
  };
}
