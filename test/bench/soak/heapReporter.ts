import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into the program before anything of its own: at SIGUSR2 it collects garbage and writes what is left of the heap,
 * in bytes, to the file that `HEAP_REPORT` names.
 */
const file = process.env['HEAP_REPORT'];
if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    collect();
    setTimeout(() => {
      collect();
      writeFileSync(file, String(process.memoryUsage().heapUsed));
    }, 100);
  });
}
