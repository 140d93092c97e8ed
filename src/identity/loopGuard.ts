import type { Identity } from '../access/types.ts';
import { cookieValues } from './cookies.ts';
import type { Verified } from './types.ts';
import type { LoopProblem } from './views.ts';

/** Guards against sending a browser round in circles between the sign-in and a page that does not take it. */

const windowMs = 20_000;

/** How often this browser was sent on from the sign-in lately, by a cookie `<count>.<ms since 1970>`. */
export function turnsOf(header: string | undefined, name: string, nowMs: number): { count: number; next: string } {
  const [, count = '', at = ''] = /^(\d{1,2})\.(\d{1,15})$/.exec(cookieValues(header, name)[0] ?? '') ?? [];
  const sinceMs = Number(at);
  if (count === '' || nowMs - sinceMs > windowMs || sinceMs > nowMs) return { count: 0, next: `1.${nowMs}` };
  return { count: Number(count), next: `${Number(count) + 1}.${sinceMs}` };
}

/** In which general way a sign-in will not do; which check failed exactly is for the log. */
export function problemOf({ error, reason }: Extract<Verified<Identity>, { ok: false }>): LoopProblem {
  if (error.code === 'auth.required') return 'cookie';
  if (reason.startsWith('session has ended')) return 'ended';
  if (error.code === 'auth.expired' || /\b(?:nbf|iat|exp)\b/.test(reason)) return 'clock';
  if (/\b(?:aud|issuer)\b/.test(reason)) return 'audience';
  return 'token';
}
