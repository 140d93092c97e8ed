import { expect, test } from 'vitest';
import { files, read } from '../../helpers/sources.ts';

/** Without `userDomain`, pages of UI servers share all of these with ours, and can write them: docs/browser-boundaries.md. */
const shared =
  /\b(?:localStorage|sessionStorage|indexedDB|caches|BroadcastChannel|SharedWorker|postMessage|opener)\b|\bwindow\.name\b|(?:^|[^.\w]|\b(?:window|self|globalThis)\.)addEventListener\(\s*["']message/m;

test('scripts of our own pages take nothing from what a page of a server can write', () => {
  const scripts = files('src/pages/browser/*.ts').filter((path) => !path.endsWith('build.ts'));
  expect(scripts.length).toBeGreaterThan(5);
  expect(scripts.filter((path) => shared.test(read(path)))).toEqual([]);
});
