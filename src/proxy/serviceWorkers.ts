import { isNamed } from './fields.ts';
import type { Rendered } from './types.ts';

/**
 * No server or service may install a service worker: it would answer for every address of its scope, our own pages
 * included, long after its page was closed. A browser marks each request for a worker's script (Service Workers, "Update"
 * algorithm), and all of them get this script instead. A worker that was registered before is replaced by it at its next
 * update check, which a browser makes at a page load and at least once a day whatever was cached.
 */
const script = `// This site allows no service workers: this one removes itself.
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(registration.unregister()));
`;

export const serviceWorkerAnswer: Rendered = {
  status: 200,
  headers: {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-store',
    // A registration for all of the site was made from below a server: the scope must be allowed for the update to succeed
    'service-worker-allowed': '/',
  },
  body: script,
};

/** Whether a browser asks for the script of a service worker. Names and values in turn. */
export function asksForServiceWorker(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (isServiceWorkerHeader(rawHeaders[i]!, rawHeaders[i + 1]!)) return true;
  return false;
}

/** By the header that the specification names, and by fetch metadata: each alone is enough. */
export function isServiceWorkerHeader(name: string, value: string): boolean {
  if (name.length !== 14) return false;
  return isNamed(name, 'service-worker') || (isNamed(name, 'sec-fetch-dest') && value === 'serviceworker');
}
