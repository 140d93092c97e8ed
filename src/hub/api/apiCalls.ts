import type { ApiCall } from '../types.ts';

type Json = Record<string, unknown>;

/** The OpenAPI document in the few words that a page needs. */
export function toCalls(document: Json): ApiCall[] {
  const paths = document['paths'] as Record<string, Record<string, Json>>;
  const schemas = (document['components'] as Json)['schemas'] as Record<string, Json>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      tag: String((operation['tags'] as string[])[0]),
      summary: text(operation['summary'], ''),
      description: text(operation['description'], ''),
      scopes: (operation['x-scopes'] as string[] | undefined) ?? [],
      query: ((operation['parameters'] as Json[] | undefined) ?? [])
        .filter((parameter) => parameter['in'] === 'query')
        .map((parameter) => String(parameter['name'])),
      body: bodyFields(operation['requestBody'] as Json | undefined, schemas),
      replies: Object.entries(operation['responses'] as Record<string, Json>).map(([status, reply]) => ({
        status,
        description: text(reply['description'], 'An error: `status`, `message`, `code`, `advice`.'),
      })),
    })),
  );
}

function bodyFields(body: Json | undefined, schemas: Record<string, Json>): string[] {
  if (body === undefined) return [];
  const [media] = Object.values(body['content'] as Record<string, { schema: Json }>);
  const reference = media?.schema['$ref'];
  const schema =
    typeof reference === 'string' ? schemas[reference.slice(reference.lastIndexOf('/') + 1)] : media?.schema;
  return Object.keys((schema?.['properties'] as Json | undefined) ?? {});
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
