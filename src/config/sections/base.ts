import { z } from 'zod';
import { pathSchema } from '../paths.ts';
import { listenSchema } from './listen.ts';

/** Where the gateway is reached and where it keeps things. */
export const baseSchema = z.strictObject({
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Address that people type; its path, if any, is the base path of everything. Needed where `listen.host` is not loopback. Default: localhost with the port of `listen`.',
    ),
  dangerouslyAllowHttp: z
    .boolean()
    .default(false)
    .describe(
      'Allows a `publicUrl` on plain http that is not this machine: passwords pass in the clear, and pages of UI servers can act on the pages of the gateway.',
    ),
  userDomain: z
    .string()
    .regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'a domain name, lower case')
    .optional()
    .describe(
      "Domain below which each account's servers have an origin of their own, `<name>.<userDomain>`: advised where people share with others whom they do not trust. Needs DNS and a certificate for `*.<userDomain>`.",
    ),
  listen: listenSchema.prefault({}).describe('Where the gateway listens, and whom it believes there.'),
  dataDir: pathSchema.default('data').describe('Folder of the JSON store, keys and server logs; mode 0700.'),
  runtimeDir: pathSchema
    .optional()
    .describe('Folder of the unix sockets; short, since their paths may have 107 bytes. Default: chosen at start.'),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least level that is logged.'),
      format: z
        .enum(['auto', 'json', 'text'])
        .default('auto')
        .describe('`text` for people, `json` for programs; `auto` is text on a terminal.'),
    })
    .prefault({}),
});
