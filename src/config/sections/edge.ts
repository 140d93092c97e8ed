import { z } from 'zod';

/** The Worker in front. */
export const edgeSchema = z.strictObject({
  secretFile: z
    .string()
    .optional()
    .describe(
      'File with the secret shared with the Worker (its `EDGE_SECRET`), 32 characters or more, mode 0600. With it, only what the Worker has signed is answered.',
    ),
});
