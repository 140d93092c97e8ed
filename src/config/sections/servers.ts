import { z } from 'zod';

/** A server's life. */
export const serversSchema = z.strictObject({
  startTimeoutS: z.number().int().min(1).default(60).describe('A start that takes longer has failed, seconds.'),
  stopTimeoutS: z.number().int().min(1).default(20).describe('Time between SIGTERM and SIGKILL, seconds.'),
});
