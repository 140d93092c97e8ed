import { z } from 'zod';

/** The Hub contract. */
export const hubSchema = z.strictObject({
  tokenLifetimeS: z
    .number()
    .int()
    .min(60)
    .default(1_209_600)
    .describe('Longest lifetime of a token that a UI server obtains for a visitor, seconds.'),
  tokenMaxLifetimeS: z
    .number()
    .int()
    .min(60)
    .optional()
    .describe('Longest lifetime of a token that somebody makes for programs, seconds. Default: no limit.'),
  patienceS: z
    .number()
    .min(0)
    .default(10)
    .describe('A start or stop by the REST API that takes longer is answered by 202, seconds.'),
  pageDefault: z
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('Items of a list of the REST API for callers that accept pages and do not say how many.'),
  pageMax: z.number().int().min(1).default(200).describe('Most items of a list of the REST API.'),
  listen: z
    .strictObject({
      host: z.string().default('0.0.0.0').describe('Address to listen on.'),
      port: z.number().int().min(0).max(65_535).default(8001).describe('TCP port; 0 picks a free one.'),
    })
    .prefault({})
    .describe(
      'Where servers on other nodes (batch jobs) reach the gateway: TLS, for our own jobs alone. Opened only where a batch spawner is configured.',
    ),
  connectUrl: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe('Address of `hub.listen` as nodes reach it. Default: https, the name of this host and that port.'),
});
