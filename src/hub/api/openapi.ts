import { scopeKinds } from '../scopes/definitions.ts';
import { errorModel } from './models.ts';
import { oauthPaths } from './openapiOAuth.ts';
import type { Reply, Route } from './route.ts';
import { paginationMedia } from './route.ts';
import { createSchemas } from './schemas.ts';
import type { Schemas } from './schemas.ts';
import { jupyterhubVersion } from './version.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the REST API, from the table that the handlers are made from. */
export function openApiDocument(options: { routes: readonly Route[]; serverUrl: string; version: string }): Json {
  const schemas = createSchemas();
  const paths: Record<string, Json> = oauthPaths(schemas);
  for (const route of options.routes) (paths[route.path] ??= {})[route.method] = operation(route, schemas);
  const failure = { description: 'An error.', content: jsonContent(schemas.of(errorModel, 'output')) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hub REST API of Cylc Gateway',
      version: options.version,
      description: `The REST API of JupyterHub ${jupyterhubVersion}, as far as it makes sense here. What differs on purpose is in docs/hub-api.md.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.serverUrl }],
    tags: [...new Set(options.routes.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ token: [] }],
    paths,
    components: {
      schemas: schemas.components,
      responses: { Failure: failure },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of the Hub, or of an issuer that the site trusts.',
        },
      },
    },
    'x-scopes': Object.fromEntries(Object.entries(scopeKinds).map(([name, kind]) => [name, kind.description])),
  };
}

function operation(route: Route, schemas: Schemas): Json {
  const { needs } = route;
  const scopes = typeof needs === 'string' ? [] : needs;
  const about =
    scopes.length === 0 ? '' : `Needs one of the scopes ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`;
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, about].filter(Boolean).join(' '),
    'x-scopes': scopes,
    ...(needs === 'nothing' ? { security: [] } : {}),
    parameters: parameters(route, schemas),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.body.required,
            content: jsonContent(schemas.of(route.body.schema, 'input')),
          },
        }),
    responses: responses(route, schemas),
  };
}

function operationId({ method, path }: Route): string {
  const parts = path
    .split('/')
    .filter(Boolean)
    .map((part) => part.replaceAll(/[{}]/g, ''));
  return [method, ...parts].join('_').replaceAll('-', '_');
}

function parameters(route: Route, schemas: Schemas): Json[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
  if (route.query === undefined) return inPath;
  const { properties = {} } = schemas.of(route.query, 'input') as { properties?: Record<string, Json> };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]): Json => {
    const parameter = { name, in: 'query', required: false, schema };
    return description === undefined ? parameter : Object.assign(parameter, { description });
  });
  return [...inPath, ...inQuery];
}

/** Those that the route names, and those of the checks that every call goes through. */
function responses(route: Route, schemas: Schemas): Json {
  const replies: Record<string, Json> = {};
  const failure = { $ref: '#/components/responses/Failure' };
  const inPath = route.path.includes('{');
  // Of what is in the path, the front door refuses what two programs could read in two ways
  if (route.body !== undefined || route.query !== undefined || inPath) replies['400'] = failure;
  if (route.needs !== 'nothing') replies['403'] = failure;
  if (inPath) replies['404'] = failure;
  if (route.body !== undefined) Object.assign(replies, { 413: failure, 415: failure });
  for (const [status, reply] of Object.entries(route.replies))
    replies[status] = response(Number(status), reply, schemas);
  return replies;
}

function response(status: number, reply: Reply, schemas: Schemas): Json {
  const { description, schema, media = 'application/json', paged } = reply;
  if (status >= 400) return { description, content: jsonContent({ $ref: '#/components/schemas/Error' }) };
  if (schema === undefined && reply.media === undefined) return { description };
  const plain = schema === undefined ? { type: 'string' } : schemas.of(schema, 'output');
  const wrapped = paged === undefined ? {} : { [paginationMedia]: { schema: schemas.of(paged, 'output') } };
  return { description, content: { [media]: { schema: plain }, ...wrapped } };
}

function jsonContent(schema: Json): Json {
  return { 'application/json': { schema } };
}
