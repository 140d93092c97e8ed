import { z } from 'zod';
import { pathSchema } from '../paths.ts';

/** The Worker in front. */
export const edgeSchema = z.strictObject({
  secretFile: pathSchema
    .optional()
    .describe(
      'File with the secret shared with the Worker (its `EDGE_SECRET`), 32 characters or more, mode 0600. With it, only what the Worker has signed is answered.',
    ),
});
