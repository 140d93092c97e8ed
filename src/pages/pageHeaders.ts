import { ownHeaders } from '../ownHeaders.ts';
import type { Urls } from '../urls.ts';

/**
 * Headers of every page. Nothing inline, nothing from elsewhere, in nobody's frame, never cached.
 */
export function pageHeaders(urls: Urls): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      "style-src 'self'",
      "script-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      // A form's redirects count too: a sign-in may end at a user's origin
      `form-action 'self'${urls.userOrigins === undefined ? '' : ` ${urls.userOrigins}`}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
      `report-uri ${urls.hub('security/csp-report')}`,
    ].join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'strict-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...plainHeaders,
  };
}

/** Headers of everything that is no page: JSON, streams, static files. */
export const plainHeaders = ownHeaders;

export const jsonHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  ...plainHeaders,
} as const;
