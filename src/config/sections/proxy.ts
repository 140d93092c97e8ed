import { z } from 'zod';

/** The hop. */
export const proxySchema = z.strictObject({
  connectTimeoutS: z.number().min(0.1).default(5).describe('Longest wait for a connection to a server, seconds.'),
  headersTimeoutS: z
    .number()
    .min(1)
    .default(300)
    .describe("Longest wait for the head of a server's answer, seconds. Bodies and WebSockets have no such limit."),
});
