import { z } from 'zod';

/** Who vouches for people. */
export const identitySchema = z.strictObject({
  session: z
    .strictObject({
      lifetimeS: z.number().int().min(60).default(43_200).describe('Lifetime of a sign-in, seconds.'),
      skewS: z.number().int().min(0).max(300).default(30).describe('Clock difference that is forgiven, seconds.'),
    })
    .prefault({}),
});
