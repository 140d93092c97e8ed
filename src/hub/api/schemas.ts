import { z } from 'zod';

type Json = Record<string, unknown>;

/** Collects the schemas that have a name, so that each is written once. */
export interface Schemas {
  of(schema: z.ZodType, io: 'input' | 'output'): Json;
  readonly components: Json;
}

export function createSchemas(): Schemas {
  const components: Json = {};
  return {
    components,
    of(schema, io) {
      const { $schema: _, $defs, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
      const rewritten = moveRefs(json);
      for (const [name, part] of Object.entries(($defs ?? {}) as Json)) components[name] = withoutId(moveRefs(part));
      const { id } = json;
      if (typeof id !== 'string') return rewritten as Json;
      components[id] = withoutId(rewritten);
      return { $ref: `#/components/schemas/${id}` };
    },
  };
}

function moveRefs(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as unknown;
}

function withoutId(json: unknown): unknown {
  const { id: _, ...rest } = json as Json;
  return rest;
}
