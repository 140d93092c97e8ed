import { z } from 'zod';

/** The Hub contract. */
export const hubSchema = z.strictObject({
  tokenLifetimeS: z
    .number()
    .int()
    .min(60)
    .default(1_209_600)
    .describe('Longest lifetime of a token that a UI server obtains for a visitor, seconds.'),
});
