import { GatewayError } from '../../errors.ts';
import type { Call } from './route.ts';
import { paginationMedia } from './route.ts';

/** An answer without a body; JupyterHub sends these as plain text. */
export function empty(call: Pick<Call, 'c'>, status: 200 | 201 | 202 | 204): Response {
  if (status !== 204) call.c.header('content-type', 'text/plain; charset=utf-8');
  return call.c.body(null, status);
}

export function notFound(message: string): GatewayError {
  return new GatewayError('request.not-found', { message });
}

export function invalid(message: string): GatewayError {
  return new GatewayError('request.invalid', { message });
}

export function forbidden(message: string): GatewayError {
  return new GatewayError('access.denied', { message, advice: 'Use a token with the scope that this needs.' });
}

export function conflict(message: string): GatewayError {
  return new GatewayError('request.conflict', { message });
}

/** One page of a list, in the shape that the caller accepts (JupyterHub's REST API, "Pagination"). */
export function listAnswer(call: Pick<Call, 'c' | 'page'>, items: unknown, total: number, origin: string): Response {
  const { c, page } = call;
  if (!page.wrapped) return c.json(items);
  const { offset, limit } = page;
  const next = offset + limit < total ? nextPage(call, offset + limit, origin) : null;
  c.header('content-type', paginationMedia);
  return c.body(JSON.stringify({ items, _pagination: { offset, limit, total, next } }));
}

/** Absolute, since clients fetch it as it is: at the address that they themselves called. */
function nextPage({ c, page }: Pick<Call, 'c' | 'page'>, offset: number, origin: string): object {
  const asked = new URL(c.req.url);
  const base = asked.host === new URL(origin).host ? origin : asked.origin;
  const query = new URLSearchParams(asked.search);
  query.set('offset', String(offset));
  query.set('limit', String(page.limit));
  return { offset, limit: page.limit, url: `${base}${asked.pathname}?${query.toString()}` };
}
