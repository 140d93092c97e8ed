import type { Context } from 'hono';
import type { z } from 'zod';
import type { Principal } from '../principals.ts';
import type { FilterKind } from '../scopes/scopeSet.ts';

/**
 * One call of the REST API. The handlers, the checks before them and the OpenAPI document are all made from these, so
 * what is documented is what is answered.
 */
export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI style, relative to `/hub/api`: `/users/{name}`. */
  path: string;
  /** Answered in the same way, though not documented. One that ends in a slash must be asked with it. */
  aliases?: readonly string[];
  tag: 'Hub' | 'Users' | 'Servers' | 'Tokens' | 'Groups' | 'Services' | 'Shares' | 'OAuth';
  summary: string;
  description?: string;
  /**
   * Who may call: anyone; any live credential; or whoever has one of the scopes. Required of every route, so that
   * nothing is open by oversight.
   */
  needs: 'nothing' | 'credentials' | readonly string[];
  /** What the path names, for the filters of scopes (`!user=`). */
  subject?: FilterKind;
  /** A filtered scope lets the call in: the handler shows what the filter covers. */
  filtered?: boolean;
  query?: z.ZodType;
  body?: { schema: z.ZodType; required: boolean };
  replies: Readonly<Record<number, Reply>>;
  handle(call: Call): Response | Promise<Response>;
}

export interface Reply {
  description: string;
  schema?: z.ZodType;
  /** Default `application/json`. */
  media?: string;
  /** The shape when the caller accepts the paginated media type. */
  paged?: z.ZodType;
}

/** A checked call on its way to its handler. */
export interface Call {
  who: Principal;
  c: Context;
  /** A part of the path, decoded; empty where the path has none. */
  param(name: string): string;
  /** The query, checked against the route's schema. */
  query: unknown;
  /** The body, checked against the route's schema: `request.invalid` otherwise. */
  body(): Promise<unknown>;
  /** May the caller do this to that? */
  may(scope: string, kind: FilterKind, name: string): boolean;
  page: Page;
}

/** Which part of a list is asked for (`offset`, `limit`). */
export interface Page {
  offset: number;
  limit: number;
  /** The caller accepts `application/jupyterhub-pagination+json`. */
  wrapped: boolean;
}

/** A route whose handler sees its query and body typed by their schemas. */
export function defineRoute<Q extends z.ZodType = z.ZodUndefined, B extends z.ZodType = z.ZodUndefined>(
  route: Omit<Route, 'query' | 'body' | 'handle'> & {
    query?: Q;
    body?: { schema: B; required: boolean };
    handle(
      call: Omit<Call, 'query' | 'body'> & { query: z.infer<Q>; body(): Promise<z.infer<B>> },
    ): Response | Promise<Response>;
  },
): Route {
  return route;
}

export const paginationMedia = 'application/jupyterhub-pagination+json';
