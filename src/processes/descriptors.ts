import { readdirSync } from 'node:fs';
import { systemCalls } from './systemCalls.ts';

/** fcntl(2) */
const setFlags = 2;
const closeOnExec = 1;

let done = false;

/**
 * What Node opens is closed in the programs that it starts; what it was itself given by whoever started it (a lock, a
 * pipe, the socket of an agent) is not, and would be in the hands of accounts. From now on that is closed too.
 */
export function keepDescriptorsFromChildren(): void {
  if (done) return;
  const { fcntl } = systemCalls();
  const numbers = readdirSync('/proc/self/fd').map(Number);
  // The listing's own is closed by now, which is no matter.
  for (const descriptor of numbers) if (descriptor > 2) fcntl(descriptor, setFlags, closeOnExec);
  done = true;
}
