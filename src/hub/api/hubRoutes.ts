import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { conflict, empty, forbidden, invalid, listAnswer, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { pagedModel, serviceModel } from './models.ts';
import { presentService } from './present.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';
import { jupyterhubVersion } from './version.ts';

const classInfo = z.object({ class: z.string(), version: z.string() });
const infoModel = z.object({
  version: z.string(),
  python: z.string().meta({ description: 'What runs the Hub: here Node.' }),
  sys_executable: z.string(),
  spawner: classInfo,
  authenticator: classInfo,
});

/** The Hub itself, and services. */
export function hubRoutes(deps: ApiDeps): Route[] {
  const ours = { version: deps.version };
  return [
    defineRoute({
      method: 'get',
      path: '/',
      tag: 'Hub',
      summary: 'Which version of JupyterHub’s API is this?',
      needs: 'nothing',
      replies: { 200: { description: 'The version.', schema: z.object({ version: z.string() }) } },
      handle(call) {
        call.c.header('access-control-allow-origin', '*');
        return call.c.json({ version: jupyterhubVersion });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/info',
      tag: 'Hub',
      summary: 'What is this Hub made of?',
      needs: ['read:hub'],
      replies: { 200: { description: 'Versions.', schema: infoModel } },
      handle: (call) =>
        call.c.json({
          version: jupyterhubVersion,
          python: `Node ${process.versions.node}`,
          sys_executable: process.execPath,
          spawner: { class: 'cylc-gateway.servers', ...ours },
          authenticator: { class: 'cylc-gateway.identity', ...ours },
        }),
    }),
    defineRoute({
      method: 'post',
      path: '/shutdown',
      tag: 'Hub',
      summary: 'End the gateway',
      description: 'Running servers go on, unless `servers` says otherwise. There is no proxy apart to end.',
      needs: ['shutdown'],
      body: {
        schema: z.looseObject({ servers: z.boolean().optional(), proxy: z.boolean().optional() }),
        required: false,
      },
      replies: { 202: { description: 'It is ending.', schema: z.object({ message: z.string() }) } },
      async handle(call) {
        const { servers = false } = (await call.body()) ?? {};
        deps.log.warn({ servers, by: call.who.name }, 'shutdown asked for');
        deps.events?.emit('deed', { what: 'gateway.shutdown' });
        deps.shutdown({ servers });
        return call.c.json({ message: 'Shutting down Hub' }, 202);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/cylc/keys',
      tag: 'Services',
      summary: 'Read the public keys of the gateway',
      description: 'A JWK set: with it a service checks the header `X-Cylc-Gateway-Identity` of its visitors.',
      needs: 'nothing',
      replies: { 200: { description: 'The keys.', schema: z.object({ keys: z.array(z.looseObject({})) }) } },
      handle(call) {
        call.c.header('cache-control', 'public, max-age=300');
        return call.c.json(deps.keys());
      },
    }),
    defineRoute({
      method: 'get',
      path: '/services',
      tag: 'Services',
      summary: 'List services',
      needs: ['list:services'],
      filtered: true,
      replies: { 200: { description: 'By name.', schema: z.record(z.string(), serviceModel) } },
      handle(call) {
        const listed = deps.services().filter(({ name }) => call.may('list:services', 'service', name));
        return call.c.json(Object.fromEntries(listed.map((each) => [each.name, presentService(each, call.may)])));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/services/{name}',
      tag: 'Services',
      summary: 'Read a service',
      needs: ['read:services', 'read:services:name', 'read:roles:services'],
      subject: 'service',
      replies: { 200: { description: 'The service.', schema: serviceModel } },
      handle(call) {
        const service = deps.services().find(({ name }) => name === call.param('name'));
        if (service === undefined) throw notFound('No such service.');
        return call.c.json(presentService(service, call.may));
      },
    }),
    ...fixedServices(deps),
  ];
}

/** JupyterHub can add services while it runs. Here that would be a way to run programs as any account. */
function fixedServices(deps: ApiDeps): Route[] {
  const common = { path: '/services/{name}', tag: 'Services', needs: ['admin:services'], subject: 'service' } as const;
  const isThere = (call: Pick<Call, 'param'>): boolean =>
    deps.services().some(({ name }) => name === call.param('name'));
  return [
    defineRoute({
      ...common,
      method: 'post',
      summary: 'Add a service',
      description: 'Always refused: services are in the configuration.',
      replies: {
        400: { description: 'It is to be added to the configuration.' },
        409: { description: 'It is there.' },
      },
      handle(call) {
        if (isThere(call)) throw conflict(`Service ${call.param('name')} already exists`);
        throw invalid('Services are added in the configuration, or in admin.json.');
      },
    }),
    defineRoute({
      ...common,
      method: 'delete',
      summary: 'Remove a service',
      description: 'Always refused: services are in the configuration.',
      replies: { 404: { description: 'There is none.' }, 405: { description: 'It cannot be removed so.' } },
      handle(call) {
        if (!isThere(call)) throw notFound('No such service.');
        call.c.header('allow', 'GET, POST');
        throw new GatewayError('request.method', { facts: { allow: 'GET, POST' } });
      },
    }),
  ];
}

const routeModel = z.object({ routespec: z.string(), target: z.string(), data: z.record(z.string(), z.unknown()) });
const routesModel = z.record(z.string(), routeModel);

/** Routes, as JupyterHub shows those of its proxy. Here there is no second table that could differ. */
export function proxyRoutes(deps: ApiDeps): Route[] {
  const common = { path: '/proxy', tag: 'Hub', needs: ['proxy'] } as const;
  return [
    defineRoute({
      ...common,
      method: 'get',
      summary: 'Read the routes',
      query: z.object({ offset: z.coerce.number().int().optional(), limit: z.coerce.number().int().optional() }),
      replies: { 200: { description: 'By path prefix.', schema: routesModel, paged: pagedModel(routesModel) } },
      handle(call) {
        const { offset, limit } = call.page;
        const all = Object.entries(routeTable(deps)).sort(([a], [b]) => (a < b ? -1 : 1));
        const page = Object.fromEntries(all.slice(offset, offset + limit));
        return listAnswer(call, page, all.length, deps.urls.origin);
      },
    }),
    defineRoute({
      ...common,
      method: 'post',
      summary: 'Check the routes',
      description: 'Always in step: there is no proxy apart.',
      replies: { 200: { description: 'They are in step.' } },
      handle: (call) => empty(call, 200),
    }),
    defineRoute({
      ...common,
      method: 'patch',
      summary: 'Move the proxy',
      description: 'Always refused: there is no proxy apart.',
      replies: { 400: { description: 'There is none to move.' } },
      handle: () => {
        throw invalid('There is no separate proxy that could be moved.');
      },
    }),
  ];
}

function routeTable(deps: ApiDeps): z.infer<typeof routesModel> {
  const hub = { routespec: deps.urls.base, target: deps.urls.origin, data: { hub: true } };
  const routes = [...deps.routes().routes()].map(({ prefix, target, upstream }) => {
    const at = upstream.kind === 'unix' ? `unix:${upstream.path}` : `http://${upstream.host}:${upstream.port}`;
    const data = target.kind === 'server' ? { user: target.owner, server_name: target.name } : { service: target.name };
    return [prefix, { routespec: prefix, target: at, data }] as const;
  });
  return Object.fromEntries([[deps.urls.base, hub], ...routes]);
}

/** JupyterHub 0.7 let admins in by a cookie that this set. */
export function adminAccessRoute(): Route {
  return defineRoute({
    method: 'post',
    path: '/users/{name}/admin-access',
    tag: 'Users',
    summary: 'Retired: open a server as an admin',
    description: 'Always refused: whether admins may open servers is `access.adminAccess`.',
    needs: ['servers'],
    subject: 'user',
    replies: { 403: { description: 'Always.' } },
    handle: () => {
      throw forbidden('admin access to user servers disabled');
    },
  });
}

/** Addresses that carry a secret in themselves. JupyterHub gave them up in version 2; here they were never good. */
export function retiredRoutes(): Route[] {
  const retired: Pick<Route, 'tag' | 'needs' | 'replies' | 'handle'> = {
    tag: 'Hub',
    needs: 'credentials',
    replies: { 404: { description: 'Always.' } },
    handle: () => {
      throw notFound('Secrets do not belong into addresses: ask GET /hub/api/user with the token in its header.');
    },
  };
  return [
    { ...retired, method: 'post', path: '/authorizations/token', needs: 'nothing', summary: 'Retired: make a token' },
    { ...retired, method: 'get', path: '/authorizations/token/{token}', summary: 'Retired: whose token is this?' },
    {
      ...retired,
      method: 'get',
      path: '/authorizations/cookie/{cookie_name}/{cookie_value}',
      summary: 'Retired: whose cookie is this?',
    },
    {
      ...retired,
      method: 'get',
      path: '/authorizations/cookie/{cookie_name}',
      summary: 'Retired: whose cookie is this?',
    },
  ];
}
