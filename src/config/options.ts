import { z } from 'zod';
import { configSchema } from './schema.ts';

/** An option of `gateway.yaml`, as the schema describes it: the sample file and the reference are made from these. */
export interface Option {
  name: string;
  /** In words: `text`, `whole number, 0 to 65535`, `one of a, b`. */
  type: string;
  description: string;
  /** As it is written in YAML on one line; undefined where there is none. */
  defaultText: string | undefined;
  needed: boolean;
  /** Options below it; `each` where it is a list or mapping whose every item has them. */
  children: readonly Option[];
  each: 'item' | 'name' | undefined;
}

/** JSON Schema of `gateway.yaml`, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
}

/** All options, in the order of the schema. */
export function configOptions(): Option[] {
  return optionsOf(configJsonSchema());
}

interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  format?: string;
}

function optionsOf({ properties = {}, required = [] }: JsonSchema): Option[] {
  return Object.entries(properties).map(([name, schema]) => {
    const { children, each } = below(schema);
    return {
      name,
      type: typeOf(schema),
      description: schema.description ?? '',
      defaultText: schema.default === undefined ? undefined : JSON.stringify(schema.default),
      needed: required.includes(name),
      children,
      each,
    };
  });
}

function below(schema: JsonSchema): Pick<Option, 'children' | 'each'> {
  if (schema.properties !== undefined) return { children: optionsOf(schema), each: undefined };
  const { items, additionalProperties: named } = schema;
  if (items !== undefined) return { children: variants(items), each: 'item' };
  if (typeof named === 'object') return { children: variants(named), each: 'name' };
  return { children: [], each: undefined };
}

/** Options of an item; where it has several shapes, those of all, each once. */
function variants(schema: JsonSchema): Option[] {
  const shapes = schema.anyOf ?? schema.oneOf ?? [schema];
  const all = shapes.flatMap(optionsOf);
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

function typeOf(schema: JsonSchema): string {
  const shapes = schema.anyOf ?? schema.oneOf;
  if (shapes !== undefined) return [...new Set(shapes.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return `whole number${range(schema)}`;
    case 'number':
      return `number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return schema.format === 'uri' ? 'address' : schema.format === 'path' ? 'path' : 'text';
    case 'array':
      return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? `name: ${typeOf(schema.additionalProperties)}`
        : 'mapping';
    default:
      return 'anything';
  }
}

function range({ minimum, maximum }: JsonSchema): string {
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  if (least !== undefined) return `, ${least} or more`;
  return most === undefined ? '' : `, ${most} or less`;
}
