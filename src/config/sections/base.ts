import { z } from 'zod';

/** Where the gateway is reached and where it keeps things. */
export const baseSchema = z.strictObject({
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Address under which browsers reach the gateway; its path, if any, is the base path of everything. Default: http://localhost with the port of `listen`.',
    ),
  listen: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Address to listen on.'),
      port: z.number().int().min(0).max(65_535).default(8000).describe('TCP port; 0 picks a free one.'),
    })
    .prefault({}),
  dataDir: z.string().default('data').describe('Folder of the JSON store, keys and server logs; mode 0700.'),
  runtimeDir: z
    .string()
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
