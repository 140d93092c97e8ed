/**
 * Headers of an answer that are orders to a web server, cache or load balancer in front, which takes them from whatever
 * it proxies: to send a file of its own in place of the answer (nginx: `X-Accel-Redirect`; Apache, lighttpd and others:
 * `X-Sendfile`), to ask another address (`X-Reproxy-URL`), to keep the answer for others (`Surrogate-Control`, RFC 9213's
 * `CDN-Cache-Control`), to take its backend out of service (Envoy). Edge-safe.
 */
const orders = new Set([
  'x-sendfile',
  'x-sendfile2',
  'x-sendfile-temporary',
  'x-offload-to-sse',
  'cdn-cache-control',
  'edge-control',
  'edge-cache-tag',
  'cache-tag',
  'cache-tags',
  'xkey',
  'netlify-vary',
  'netlify-cache-tag',
  'akamai-cache-control',
]);
const orderPrefixes = [
  'x-accel-',
  'x-sendfile-',
  'x-lighttpd-',
  'x-litespeed-',
  'x-lsadc-',
  'x-reproxy-',
  'x-appengine-',
  'x-hiawatha-',
  'x-envoy-',
  'surrogate-',
];
/** Of one CDN: `Cloudflare-CDN-Cache-Control` and its like. */
const orderSuffix = '-cdn-cache-control';

/** Whether a header of an answer is an order to what stands in front of the gateway. `_` and `.` count as `-`. */
export function ordersFront(name: string): boolean {
  const plain = name.toLowerCase().replace(/[_.]/g, '-');
  return orders.has(plain) || plain.endsWith(orderSuffix) || orderPrefixes.some((prefix) => plain.startsWith(prefix));
}

/** The one that a server of ours needs: a stream of events is not to be held back. It can only make an answer quicker. */
export function asksForNoBuffering(name: string, value: string): boolean {
  return name.length === 17 && name.toLowerCase() === 'x-accel-buffering' && value === 'no';
}
