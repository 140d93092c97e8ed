import { resolve } from 'node:path';
import { z } from 'zod';
import type { Tree } from './overrides.ts';

/** `format` of an option that is a path: `resolvePaths` finds the options by it, and the reference names the type. */
const format = 'path';

/** An option that names a file or folder. Nobody's shell reads it, so `~` would be the name of a folder. */
export const pathSchema = z
  .string()
  .regex(/^(?!~(?:\/|$))[^\0]+$/, 'write the whole path: `~` is not expanded here')
  .meta({ format });

/** First word of a command: what a relative path meant would depend on where the gateway was started from. */
export const argvSchema = z
  .array(z.string())
  .refine(
    ([program = '']) => program.startsWith('/') || !program.includes('/'),
    'the program must be an absolute path, or a name that is looked up on the PATH',
  );

interface Schema {
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** Makes all relative paths among these options absolute, from `folder`. The options need not be valid yet: what is no path is left for the schema to refuse. */
export function resolvePaths<T extends Tree>(tree: T, schema: Schema, folder: string): T {
  return resolved(tree, schema, folder) as T;
}

function resolved(value: unknown, schema: Schema, folder: string): unknown {
  if (typeof value === 'string')
    return schema.format === format && pathSchema.safeParse(value).success ? resolve(folder, value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return schema.items === undefined ? value : value.map((item) => resolved(item, schema.items ?? {}, folder));
  const below = schema.properties ?? {};
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, resolved(item, below[name] ?? {}, folder)]),
  );
}
