import { z } from 'zod';

const loopback = /^(?:127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|::1|localhost)$/;

/** Numbers for Prometheus. */
export const metricsSchema = z.strictObject({
  listen: z
    .strictObject({
      host: z
        .string()
        .regex(loopback, 'an address of this host alone; from elsewhere, scrape <base>/hub/metrics with a token')
        .default('127.0.0.1')
        .describe('Address to listen on: of this host alone, since nobody is asked who they are.'),
      port: z.number().int().min(0).max(65_535).describe('TCP port; 0 picks a free one.'),
    })
    .optional()
    .describe(
      'A listener of its own for metrics, health and readiness, without sign-in. Default: none; `/hub/metrics` is there for tokens with the scope `read:metrics` and for admins.',
    ),
});

/** Who did what. */
export const auditSchema = z.strictObject({
  maxMiB: z
    .number()
    .min(0.1)
    .max(1024)
    .default(16)
    .describe('Size at which `audit.jsonl` is put aside and a new one begun, MiB.'),
  files: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Files that are kept, the one in use among them; older ones are deleted.'),
  repeatS: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe(
      'The same denial to the same client is written once in so many seconds, with how often it came, seconds.',
    ),
});
