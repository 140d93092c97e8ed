import { z } from 'zod';
import { pathSchema } from '../paths.ts';
import { cwdSchema, limitsSchema, listenSchema, umaskSchema } from './servers.ts';

/** The profiles that people choose from when they start a server. */

const fieldName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,29}$/, 'a name has letters, digits and underscores, a small letter first, at most 30')
  .refine((name) => !['workflow', 'program', 'args', 'profile'].includes(name), 'this name is taken by every form');

const common = {
  label: z.string().min(1).describe('What stands before the field.'),
  help: z.string().default('').describe('One line under the field.'),
  required: z.boolean().default(false).describe('Whether it may not be left empty.'),
};

const typeHelp = 'Which kind of field.';
const defaultHelp = 'What stands in the field at first.';

const memory = z.string().regex(/^\d+(\.\d+)?\s*[KMGT](i?B)?$/i, 'write an amount with a unit, such as 4G');
const length = z
  .string()
  .regex(
    /^(\d+-\d{1,2}(:\d{2}){0,2}|\d{1,4}(:\d{2}){1,2}|(\d+(\.\d+)?\s*(d|h|m|min|s)\s*)+)$/i,
    'write a time with units, such as 8h, or as 8:00:00',
  );

export const fieldSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('text').describe(typeHelp),
    default: z.string().default('').describe(defaultHelp),
    pattern: z
      .string()
      .refine((text) => isPattern(text), 'this is not a regular expression')
      .default('[A-Za-z0-9_.@/+-]*')
      .describe('What may be typed, as a regular expression for the whole text.'),
    hint: z.string().default('').describe('What a wrong text is told: "is not …".'),
  }),
  z.strictObject({
    ...common,
    type: z.literal('choice'),
    choices: z
      .array(
        z.union([
          z.string(),
          z.strictObject({
            value: z.string().describe('What the start gets.'),
            label: z.string().describe('What people see.'),
          }),
        ]),
      )
      .min(1)
      .describe('Values, or value and label.'),
    default: z.string().optional().describe('Default: the first choice.'),
  }),
  z.strictObject({
    ...common,
    type: z.literal('number'),
    default: z.number().optional(),
    min: z.number().optional().describe('The least that may be asked for.'),
    max: z.number().optional().describe('The most that may be asked for.'),
    whole: z.boolean().default(true).describe('Whether only whole numbers are taken.'),
    unit: z.string().default('').describe('Stands behind the field.'),
  }),
  z.strictObject({
    ...common,
    type: z.literal('memory'),
    default: memory.or(z.literal('')).default(''),
    min: memory.optional(),
    max: memory.optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal('time'),
    default: length.or(z.literal('')).default(''),
    min: length.optional(),
    max: length.optional(),
  }),
  z.strictObject({ ...common, type: z.literal('checkbox'), default: z.boolean().default(false) }),
]);
export type FieldConfig = z.infer<typeof fieldSchema>;

export const profileSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,29}$/, 'a name has small letters, digits and hyphens, at most 30')
    .describe('Stable: records and the API name the profile by it.'),
  title: z.string().min(1).describe('What people see.'),
  description: z.string().default('').describe('One or two sentences above the form.'),
  spawner: z
    .string()
    .optional()
    .describe('`warm`, `account`, `slurm`, or the name of a command spawner. Default: a process on this host.'),
  accounts: z.array(z.string()).default([]).describe('Accounts that may use it.'),
  groups: z
    .array(z.string())
    .default([])
    .describe(
      'Groups whose members may use it, with their origin as prefix: `system:wx`. With neither accounts nor groups: everybody.',
    ),
  environments: z
    .array(z.string())
    .default([])
    .describe('Names of the Cylc environments that it offers. Default: all that there are.'),
  args: z.array(z.string()).default([]).describe('Further arguments of the UI server, one item each.'),
  ownArgs: z.boolean().default(true).describe('Whether people may add arguments of their own.'),
  variables: z.record(z.string(), z.string()).default({}).describe('Further environment variables of the UI server.'),
  cwd: cwdSchema.optional().describe('Folder that the server is started in. Default: `servers.cwd`.'),
  umask: umaskSchema.optional().describe('umask of the server, octal. Default: `servers.umask`.'),
  limits: limitsSchema
    .default({})
    .describe('Resource limits of the server, by the names of `servers.limits`; the others are as there.'),
  submit: z
    .array(z.union([z.string(), z.array(z.string()).min(1)]))
    .optional()
    .describe(
      'Arguments of the submit command of a batch system, with `{field}` for what was chosen. An item whose field is empty is left out; items in a list of their own are left out together.',
    ),
  fields: z.record(fieldName, fieldSchema).optional().describe('Fields of the form, in this order.'),
});
export type ProfileConfig = z.infer<typeof profileSchema>;

export const profilesSchema = z
  .array(profileSchema)
  .refine((profiles) => new Set(profiles.map(({ name }) => name)).size === profiles.length, 'two have the same name');

/** Several Cylc side by side. */
export const environmentsSchema = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9.-]{0,29}$/, 'small letters, digits, dots and hyphens, at most 30')
        .describe('Stable: profiles, records and the API name it by it.'),
      title: z.string().optional().describe('What people see. Default: the version and path.'),
      cylc: pathSchema.describe('Path of its `cylc` command.'),
      listen: listenSchema.optional().describe('Where its servers listen. Default: `servers.listen`.'),
      variables: z
        .record(z.string(), z.string())
        .default({})
        .describe('Variables of servers that run it: CYLC_VERSION, CYLC_SITE_CONF_PATH and the like.'),
    }),
  )
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two have the same name');
export type EnvironmentConfig = z.infer<typeof environmentsSchema>[number];

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
