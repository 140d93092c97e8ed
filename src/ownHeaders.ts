import type { ServerResponse } from 'node:http';

/**
 * Headers of every answer that is the gateway's own: pages, API, files, redirects, refusals, whatever made them. The
 * opener policy cuts the handle that a page of a server (another person's code) gets by opening one of ours; it holds
 * only if no page of a server has the same policy, so that of an upstream is dropped (`proxy/headerKinds.ts`). Not
 * `noopener-allow-popups`: a browser that does not know it takes it for none, and two documents of one origin that both
 * have it stay together when one leads to the other (HTML, 7.1.3). Edge-safe.
 */
export const ownHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  // In nobody's frame, not even one of the same origin
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // `document.domain` has no effect
  'origin-agent-cluster': '?1',
} as const;

/**
 * Puts them on the answer when its head is written, so that no handler can leave them out: Koa, which the built-in
 * provider is made with, removes all headers at an error.
 */
export function markAsOwn(res: ServerResponse): ServerResponse {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    for (const [name, value] of Object.entries(ownHeaders)) if (!res.hasHeader(name)) res.setHeader(name, value);
    return writeHead(...args);
  };
  return res;
}
