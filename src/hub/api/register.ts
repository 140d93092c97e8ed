import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { AccountCache } from '../accountCache.ts';
import type { Principal, Principals } from '../principals.ts';
import { covers } from '../scopes/scopeSet.ts';
import type { FilterKind, Subject } from '../scopes/scopeSet.ts';
import { readText } from '../../listen/bodyFormats.ts';
import { bodyLimits } from '../../listen/requestBody.ts';
import { noteCaller } from '../../telemetry/requestContext.ts';
import { invalid } from './answers.ts';
import { paginationMedia } from './route.ts';
import type { Call, Page, Route } from './route.ts';

export interface RegisterDeps {
  routes: readonly Route[];
  principals: Principals;
  accounts: AccountCache;
  caller: (c: Context) => Promise<Principal | undefined>;
  /** Why the API is closed to this caller now. */
  closedTo: (who: Principal) => GatewayError | undefined;
  /** Length of a page: for whoever accepts pages, and the most for anyone. */
  pageDefault: number;
  pageMax: number;
}

/** Puts the routes into the application. Each call is checked in the same way; a known path refuses other methods by 405. */
export function registerRoutes(app: Hono, deps: RegisterDeps): void {
  const methods = new Map<string, { all: string[]; withoutSlash: string[] }>();
  for (const route of deps.routes)
    for (const given of [route.path, ...(route.aliases ?? [])]) {
      const [method, slash] = [route.method.toUpperCase(), given.length > 1 && given.endsWith('/')];
      const path = toHonoPath(slash ? given.slice(0, -1) : given);
      app.on(method, path, (c, next) => (slash && !endsInSlash(c) ? next() : answer(deps, route, c)));
      const known = methods.get(path) ?? { all: [], withoutSlash: [] };
      methods.set(path, known);
      known.all.push(method);
      if (!slash) known.withoutSlash.push(method);
    }
  for (const [path, { all, withoutSlash }] of methods)
    refuseOtherMethods(app, path, (c) => new Set(endsInSlash(c) ? all : withoutSlash));
}

/** The application itself reads an address with and without a slash behind it as one. */
export function endsInSlash(c: Context): boolean {
  return new URL(c.req.url).pathname.endsWith('/');
}

/** 405 for what no earlier route of that path takes (RFC 9110, 15.5.6). */
export function refuseOtherMethods(app: Hono, path: string, allowed: (c: Context) => Iterable<string>): void {
  app.all(path, (c) => {
    const allow = [...allowed(c)].join(', ');
    c.header('allow', allow);
    throw new GatewayError('request.method', { facts: { allow } });
  });
}

function toHonoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function answer(deps: RegisterDeps, route: Route, c: Context): Promise<Response> {
  const who = await deps.caller(c);
  if (who !== undefined) noteCaller(who.name);
  const closed = who === undefined ? undefined : deps.closedTo(who);
  if (closed !== undefined) throw closed;
  if (who === undefined && route.needs !== 'nothing')
    throw new GatewayError('access.denied', {
      message: 'Missing or invalid credentials.',
      advice: 'Send a live token: `Authorization: token …`.',
    });
  const caller = who ?? nobody;
  const subject = subjectOf(route, c);
  if (subject?.kind === 'user') await deps.accounts.load([subject.name]);
  if (subject?.kind === 'server') await deps.accounts.load([subject.name.slice(0, subject.name.indexOf('/'))]);
  if (typeof route.needs !== 'string') assertScope(deps, route, caller, subject);
  return route.handle(toCall(deps, route, c, caller));
}

const nobody: Principal = {
  kind: 'user',
  name: '',
  account: undefined,
  admin: false,
  record: undefined,
  sessionId: null,
  scopes: new Map(),
  full: false,
};

function subjectOf(route: Route, c: Context): Subject | undefined {
  const { subject: kind } = route;
  if (kind === undefined) return undefined;
  const name = c.req.param('name') ?? '';
  return { kind, name: kind === 'server' ? `${name}/${c.req.param('server_name') ?? ''}` : name };
}

/**
 * Deny by default. Who has one of the scopes for other things is told 404, as if this one did not exist; who has none
 * of them, 403 (JupyterHub's `needs_scope`).
 */
function assertScope(deps: RegisterDeps, route: Route, who: Principal, subject: Subject | undefined): void {
  const needed = route.needs as readonly string[];
  const { groupsOf } = deps.principals;
  if (needed.some((scope) => covers(who.scopes, scope, subject, groupsOf))) return;
  const partly = needed.some((scope) => who.scopes.has(scope));
  if (partly && route.filtered === true) return;
  if (partly && subject !== undefined)
    throw new GatewayError('request.not-found', {
      message: 'No access to resources or resources not found.',
      facts: { denied: true, why: `needs any of [${needed.join(', ')}]` },
    });
  throw new GatewayError('access.denied', {
    message: `Action is not authorized with current scopes; requires any of [${needed.join(', ')}]`,
    advice: 'Use a token with one of these scopes.',
  });
}

function toCall(deps: RegisterDeps, route: Route, c: Context, who: Principal): Call {
  return {
    who,
    c,
    param: (name) => c.req.param(name) ?? '',
    query: readQuery(route, c),
    body: () => readBody(route, c, who === nobody ? bodyLimits.anonymous : bodyLimits.api),
    may: (scope: string, kind: FilterKind, name: string) =>
      covers(who.scopes, scope, { kind, name }, deps.principals.groupsOf),
    page: route.filtered === true || route.query !== undefined ? readPage(deps, c) : wholePage,
  };
}

const wholePage: Page = { offset: 0, limit: Number.MAX_SAFE_INTEGER, wrapped: false };

function readQuery(route: Route, c: Context): unknown {
  if (route.query === undefined) return undefined;
  const read = route.query.safeParse(c.req.query());
  if (!read.success) throw schemaFault(read.error);
  return read.data;
}

function readPage(deps: RegisterDeps, c: Context): Page {
  const wrapped = (c.req.header('accept') ?? '')
    .split(',')
    .some((part) => part.trim().toLowerCase() === paginationMedia);
  const number = (name: string, otherwise: number): number => {
    const text = c.req.query(name);
    if (text === undefined) return otherwise;
    if (!/^[+-]?\d{1,15}$/.test(text)) throw invalid('offset and limit must be integers');
    return Math.abs(Number(text));
  };
  const limit = number('limit', wrapped ? deps.pageDefault : deps.pageMax);
  return { offset: number('offset', 0), limit: Math.max(1, Math.min(limit, deps.pageMax)), wrapped };
}

async function readBody(route: Route, c: Context, maxBytes: number): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const text = (await readText(c, maxBytes)).trim();
  if (text === '' && !route.body.required) return undefined;
  const read = route.body.schema.safeParse(text === '' ? undefined : parseJson(text));
  if (!read.success) throw schemaFault(read.error);
  return read.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid('Invalid JSON in body of request');
  }
}

/** Says which fields are wrong and how, without repeating what was sent. */
function schemaFault(error: z.ZodError): GatewayError {
  const fields = Object.fromEntries(
    error.issues.map((issue) => [
      issue.path.join('.') || 'request',
      issue.code === 'unrecognized_keys' ? 'has unknown fields' : issue.message,
    ]),
  );
  const faults = Object.entries(fields).map(([name, fault]) => `${name}: ${fault}`);
  return new GatewayError('request.invalid', {
    message: `The request is not valid: ${faults.join('; ').slice(0, 500)}`,
    fields,
  });
}
