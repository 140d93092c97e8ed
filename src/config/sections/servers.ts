import { z } from 'zod';

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
    .describe('So many starts may run at once; further ones wait in a queue and see their place.'),
  serversPerAccount: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('So many servers one account may have at once. Default: no limit.'),
  serversAtMost: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('So many servers there may be in all; further starts wait in the queue. Default: no limit.'),
  cylc: z
    .string()
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
  umask: z
    .string()
    .regex(/^0?[0-7]{3}$/)
    .default('0027')
    .describe('umask of every UI server, octal.'),
});
