import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import { readText } from '../listen/bodyFormats.ts';
import { closeAfterAnswer } from '../listen/lastAnswer.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import type { ChpMetrics } from '../telemetry/chpMetrics.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ChpRoute, ChpRoutes } from './routeStore.ts';
import { targetUrl } from './targets.ts';

export interface ApiParts {
  routes: ChpRoutes;
  addRoute: (path: string, target: string, data: Readonly<Record<string, unknown>>) => void;
  removeRoute: (path: string) => boolean;
  /** Undefined leaves the API open to whoever reaches it, pages of a browser excepted. */
  authToken: string | undefined;
  metrics: ChpMetrics | undefined;
  log: Logger;
}

interface Pair {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

interface ApiAnswer {
  status: number;
  json?: unknown;
  text?: string;
}

/** The REST API of configurable-http-proxy: `GET`, `POST` and `DELETE /api/routes[/path]`. */
export function createApi(parts: ApiParts): RequestListener {
  return (req, res) => {
    res.on('error', () => {});
    void handle(req, res, parts);
  };
}

async function handle(req: IncomingMessage, res: ServerResponse, parts: ApiParts): Promise<void> {
  const answer = await answerTo(req, res, parts).catch((error: unknown): ApiAnswer => {
    if (error instanceof GatewayError) return { status: error.status, text: error.message };
    parts.log.error({ err: error }, 'an API request failed');
    return { status: 500, text: 'Internal Server Error' };
  });
  send(req, res, answer);
  parts.metrics?.api(answer.status);
  const path = req.url!.split('?', 1)[0]!.slice(0, 200);
  parts.log[answer.status < 400 ? 'info' : 'warn']({ status: answer.status, method: req.method, path }, 'API');
}

async function answerTo(req: IncomingMessage, res: ServerResponse, parts: ApiParts): Promise<ApiAnswer> {
  const url = URL.parse(req.url!, 'http://localhost');
  const place = /^\/api\/routes(\/.*)?$/.exec(url?.pathname ?? '');
  if (url === null || place === null) return { status: 404, text: 'Not Found' };
  const act = { GET: get, POST: post, DELETE: remove }[req.method ?? ''];
  if (act === undefined) return { status: 405, text: 'Method not supported' };
  if (!authorized(req, parts.authToken)) return { status: 403 };
  let path: string;
  try {
    path = decodeURIComponent(place[1] ?? '/');
  } catch {
    return { status: 400, text: 'The path has a broken escape' };
  }
  return act(parts, path, { incoming: req, outgoing: res }, url);
}

function get({ routes, metrics }: ApiParts, path: string, _: Pair, url: URL): ApiAnswer {
  if (path !== '/') {
    const route = routes.get(path);
    return route === undefined ? { status: 404 } : { status: 200, json: shown(route) };
  }
  const since = url.searchParams.get('inactiveSince') || url.searchParams.get('inactive_since');
  const limit = since === null || since === '' ? Number.POSITIVE_INFINITY : Date.parse(since);
  if (Number.isNaN(limit)) return { status: 400, text: `Invalid datestamp '${since ?? ''}' must be ISO8601.` };
  metrics?.apiRoute.get();
  const listed = [...routes.all()].filter((route) => route.lastActivity < limit);
  return { status: 200, json: Object.fromEntries(listed.map((route) => [route.path, shown(route)])) };
}

async function post({ addRoute, metrics }: ApiParts, path: string, env: Pair): Promise<ApiAnswer> {
  const text = await readText({ env }, bodyLimits.api);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { status: 400, text: 'Body not valid JSON' };
  }
  const { target, last_activity: _, ...data } = isRecord(body) ? body : {};
  if (typeof target !== 'string') return { status: 400, text: "Must specify 'target' as string" };
  try {
    targetUrl(target);
  } catch (error) {
    return { status: 400, text: `'target' cannot be used: ${(error as Error).message}` };
  }
  addRoute(path, target, data);
  metrics?.apiRoute.add();
  return { status: 201 };
}

function remove({ removeRoute, metrics }: ApiParts, path: string): ApiAnswer {
  const found = removeRoute(path);
  metrics?.apiRoute.delete();
  return { status: found ? 204 : 404 };
}

function shown(route: ChpRoute): Record<string, unknown> {
  return { ...route.data, target: route.target, last_activity: new Date(route.lastActivity).toISOString() };
}

/**
 * Without a token, a page in a browser on this machine must still not change routes: browsers say `Origin` or
 * `Sec-Fetch-Site`, programs do not.
 */
function authorized({ headers }: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined || token === '')
    return headers.origin === undefined && headers['sec-fetch-site'] === undefined;
  const given = /^token\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function send(req: IncomingMessage, res: ServerResponse, { status, json, text }: ApiAnswer): void {
  if (res.destroyed) return;
  if (!req.complete) closeAfterAnswer(req, res);
  if (json === undefined) res.writeHead(status, text === undefined ? {} : { 'content-type': 'text/plain' }).end(text);
  else res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}
