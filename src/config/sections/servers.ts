import { z } from 'zod';
import { pathSchema } from '../paths.ts';

export const limitsSchema = z.partialRecord(z.enum(['as', 'nofile', 'nproc', 'core', 'cpu']), z.number().int().min(0));
export const umaskSchema = z.string().regex(/^0?[0-7]{3}$/, 'write three octal digits');
export const listenSchema = z.enum(['socket', 'port']);
export const cwdSchema = z.string().regex(/^(~|~?\/[^\0]*)$/, 'write an absolute path, or one that begins with ~/');

/** A server's life. */
export const serversSchema = z.strictObject({
  startTimeoutS: z.number().int().min(1).default(60).describe('A start that takes longer has failed, seconds.'),
  stopTimeoutS: z.number().int().min(1).default(20).describe('Time between SIGTERM and SIGKILL, seconds.'),
  pollIntervalS: z
    .number()
    .min(0.1)
    .default(5)
    .describe('How often the processes of running servers are looked at, seconds.'),
  warmStart: z
    .boolean()
    .default(true)
    .describe("Whether Cylc's UI server is started from a fork server, which takes a fraction of the time and memory."),
  startsAtOnce: z
    .number()
    .int()
    .min(1)
    .default(4)
    .describe(
      'So many starts may run at once, of one account half of them; further ones wait in a queue, where accounts take turns.',
    ),
  serversPerAccount: z.number().int().min(1).default(8).describe('So many servers one account may have at once.'),
  namedServersPerAccount: z
    .number()
    .int()
    .min(0)
    .default(50)
    .describe('So many named servers one account may have, running or not; 0: none can be created.'),
  serversAtMost: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('So many servers there may be in all; further starts wait in the queue. Default: no limit.'),
  idleTimeoutS: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('A server that nobody has used for so long is stopped, seconds. Default: never.'),
  maxAgeS: z.number().int().min(1).optional().describe('A server is stopped at this age, seconds. Default: never.'),
  cullWarningS: z
    .number()
    .int()
    .min(0)
    .default(600)
    .describe('So long before such a stop its owner is warned on the home page, seconds.'),
  keepAtMostS: z
    .number()
    .int()
    .min(0)
    .default(604_800)
    .describe('For so long people may put off such a stop of their server, seconds; 0: not at all.'),
  cylc: pathSchema
    .optional()
    .describe('Path of the `cylc` command. Default: the one on the PATH, then `bin/cylc` under `<dataDir>/cylc`.'),
  args: z
    .array(z.string())
    .default([])
    .describe('Further arguments for every UI server, one item each: no shell reads them.'),
  environment: z
    .record(z.string(), z.string())
    .default({})
    .describe('Further environment variables of every UI server. Nothing else is inherited from the gateway.'),
  limits: limitsSchema
    .default({})
    .describe(
      'Resource limits of every UI server and of what it starts, by the names of prlimit(1): `as` (address space, bytes), `nofile`, `nproc`, `core` (bytes), `cpu` (seconds).',
    ),
  umask: umaskSchema
    .optional()
    .describe(
      'umask of every UI server, octal, which the workflows that it starts inherit. Default: the one that the account has in its own login shell.',
    ),
  cwd: cwdSchema
    .default('~')
    .describe('Folder that a UI server is started in: an absolute path, or `~` for the home of its account.'),
  listen: listenSchema
    .default('socket')
    .describe(
      'Where UI servers listen: `socket`, which nobody else can reach, or `port`, for what knows no unix sockets: a port of 127.0.0.1 that is used only while it belongs to the account.',
    ),
  sudo: z
    .string()
    .regex(/^\//, 'write an absolute path')
    .optional()
    .describe(
      'For a gateway that does not run as root: path of a copy of `workers/sudo/become.py` that sudo lets it run as the accounts (docs/spawners.md). Default: it starts servers of its own user alone.',
    ),
});
