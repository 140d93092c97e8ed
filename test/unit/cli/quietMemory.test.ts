import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Runs `code` in a program of its own, which has given up some 60 MiB; returns what it tells at the end. */
function heapMiB(code: string): { full: number; end: number } {
  const program = `
    import { getHeapStatistics } from 'node:v8';
    import { giveBackWhenQuiet } from ${JSON.stringify(join(root, 'src/cli/quietMemory.ts'))};
    const heapMiB = () => Math.round(getHeapStatistics().total_heap_size / 1048576);
    let kept = Array.from({ length: 1_000_000 }, (_, i) => ({ i, text: 'x' + i }));
    const full = heapMiB();
    kept = undefined;
    giveBackWhenQuiet({ interval: 500 });
    const told = () => { console.log(JSON.stringify({ full, end: heapMiB() })); process.exit(); };
    ${code}`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  ) as never;
}

test('a quiet program gives back what its heap no longer needs', { timeout: 60_000 }, () => {
  const { full, end } = heapMiB(`
    const last = performance.now() + 30_000;
    setInterval(() => { if (heapMiB() < full / 3 || performance.now() > last) told(); }, 500);`);
  expect(full).toBeGreaterThan(50);
  expect(end).toBeLessThan(full / 3);
});

test('a busy one is not stopped for it', { timeout: 60_000 }, () => {
  const { full, end } = heapMiB(`
    const busy = () => { const until = performance.now() + 5; while (performance.now() < until); setTimeout(busy, 5); };
    busy();
    setTimeout(told, 2000);`);
  expect(end).toBeGreaterThan(full * 0.8);
});

test('the timer keeps no program alive', () => {
  const code = `import { giveBackWhenQuiet } from ${JSON.stringify(join(root, 'src/cli/quietMemory.ts'))}; giveBackWhenQuiet();`;
  expect(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 20_000 }),
  ).toBe('');
});
