import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';

/** The styles and the script of the pages, bundled: a few kilobytes, for every browser of the last three years. */
export function bundle(): { name: string; content: Uint8Array }[] {
  const { outputFiles } = buildSync({
    entryPoints: ['gateway.ts', 'gateway.css'].map((name) => join(import.meta.dirname, name)),
    outdir: join(import.meta.dirname, 'out'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022', 'chrome107', 'firefox104', 'safari16'],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ path, contents }) => ({ name: basename(path), content: contents }));
}

/** `node src/pages/browser/build.ts FOLDER` writes them there. */
const folder = process.argv[2];
if (import.meta.main && folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const { name, content } of bundle()) writeFileSync(join(folder, name), content);
}
