import { z } from 'zod';
import { argvSchema, pathSchema } from '../paths.ts';

/** One web application or helper beside the UI servers. */
const serviceSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,29}$/, 'has small letters, digits and hyphens, at most 30')
      .describe('Its address is `/services/<name>/`.'),
    title: z.string().max(80).default('').describe('What people see. Default: the name.'),
    kind: z
      .enum(['command', 'external', 'cylc-review'])
      .default('command')
      .describe(
        '`command`: we start `command` and keep it running. `external`: it runs by itself, at `url` or at an address of its own. `cylc-review`: we start the Cylc Review of the installed Cylc.',
      ),
    command: argvSchema
      .default([])
      .describe(
        'Program and arguments, one item each: no shell reads them. `{socket}` and `{prefix}` stand for the unix socket to listen on and the path prefix.',
      ),
    url: z
      .url({ protocol: /^http$/ })
      .optional()
      .describe('Where it listens, where that is not `{socket}`. Without either it has no web part.'),
    user: z
      .string()
      .optional()
      .describe('Account that it runs as. Default: that of the gateway, unless the gateway runs as root.'),
    cwd: pathSchema.optional().describe("Folder that it runs in. Default: the account's home."),
    environment: z.record(z.string(), z.string()).default({}).describe('Further environment variables.'),
    start: z
      .enum(['gateway', 'visit', 'server'])
      .default('gateway')
      .describe(
        'When it is started: with the gateway, on the first visit, or beside the UI server of each person who asks for it in the options of the start (then as that person, at `/user/<person>/<name>/`).',
      ),
    idleS: z
      .number()
      .int()
      .min(1)
      .default(1800)
      .describe('A service that starts on a visit is stopped after so long without one, seconds.'),
    groups: z
      .array(z.string())
      .optional()
      .describe('Groups whose members may open it, with their origin as prefix (`system:wx`). Default: every account.'),
    display: z.boolean().default(true).describe('Whether people see it on the home page.'),
    scopes: z.array(z.string()).default([]).describe("Scopes of its own Hub token, as JupyterHub's roles give them."),
    admin: z.boolean().default(false).describe('Whether its own Hub token may do all that an admin may.'),
    apiToken: z
      .string()
      .min(32)
      .optional()
      .describe('Hub token of an external service (32 characters or more). Managed ones get a new one at each start.'),
    oauthNoConfirm: z.boolean().default(false).describe('Whether visitors sign in at it without being asked first.'),
    oauthRedirectUri: z
      .string()
      .optional()
      .describe('Where its visitors come back to after the sign-in. Default: `/services/<name>/oauth_callback`.'),
  })
  .superRefine((service, context) => {
    const fault = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if (service.kind === 'command' && service.command.length === 0) fault('command', 'is missing');
    if (service.kind !== 'command' && service.command.length > 0) fault('command', `is for the kind \`command\``);
    const { url, apiToken, oauthRedirectUri } = service;
    if (service.kind === 'external' && (url ?? apiToken ?? oauthRedirectUri) === undefined)
      fault('url', 'is missing (or `apiToken`, for one that only asks us who people are)');
    if (service.kind === 'external' && service.start !== 'gateway') fault('start', 'is not ours to choose');
    if (service.start === 'server' && service.user !== undefined) fault('user', 'is the owner of the UI server');
    if (service.start === 'server' && service.url !== undefined)
      fault('url', 'would be the same for all: use `{socket}` in the command');
  });

/** Services of the site. */
export const servicesSchema = z.array(serviceSchema).superRefine((services, context) => {
  const names = services.map(({ name }) => name);
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index)
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another service too' });
  });
});
export type ServiceConfig = z.infer<typeof serviceSchema>;
