import { Hono } from 'hono';
import type { Env, NotFoundHandler } from 'hono';
import type { Urls } from './urls.ts';

/** The gateway's own application: the Hub's API, signing in and out, and the pages, each at its place in the URL space. */
export function mountApp<E extends Env, O extends Env>(parts: {
  urls: Urls;
  api: Hono;
  signIn: Hono;
  pages: Hono<E>;
  /** The way to origins of accounts, where they have their own. */
  origins: Hono<O> | undefined;
  /** Health, readiness, metrics. */
  operations: Hono;
  /** Answers addresses that are nobody's. */
  nothingHere: NotFoundHandler;
}): Hono {
  const { urls, api, signIn, pages, origins, operations } = parts;
  const app = new Hono({ strict: false });
  const hub = urls.hub('').slice(0, -1);
  const base = urls.base.slice(0, -1);
  // Without the slash behind: so a router that is not strict knows it with and without
  app.get(base === '' ? '/' : base, (c) => c.redirect(urls.hub('home')));
  app.get(hub, (c) => c.redirect(urls.hub('home')));
  if (origins !== undefined) app.route(hub, origins);
  app.route(`${hub}/api`, api);
  app.route(hub, operations);
  app.route(hub, signIn);
  app.route(hub, pages);
  app.notFound(parts.nothingHere);
  return app;
}
