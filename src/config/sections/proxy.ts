import { z } from 'zod';

/** The hop. */
export const proxySchema = z.strictObject({
  connectTimeoutS: z.number().min(0.1).default(5).describe('Longest wait for a connection to a server, seconds.'),
  headersTimeoutS: z
    .number()
    .min(1)
    .default(300)
    .describe("Longest wait for the head of a server's answer, seconds. Bodies and WebSockets have no such limit."),
  keepAliveS: z
    .number()
    .min(1)
    .default(60)
    .describe('How long an idle connection to a server is kept for the next request, seconds.'),
  connectionsPerServer: z
    .number()
    .int()
    .min(1)
    .default(64)
    .describe(
      'Most connections to one server at once, WebSockets aside. A browser opens six. When all are busy, an account still gets a quarter as many of its own: nobody can keep others from a shared server.',
    ),
  requestsPerAccount: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      'Most requests a second of one account, all its browsers and programs together; ten times as many at once after a quiet time. More get 429. 0: no limit. People never ask for 300; programs that they run may.',
    ),
  requestsPerAddress: z
    .number()
    .int()
    .min(0)
    .default(200)
    .describe(
      'The same for those who are not signed in, by the address that they come from (IPv6: its first 64 bits). 0: no limit.',
    ),
  webSocketsPerAccount: z
    .number()
    .int()
    .min(0)
    .default(5000)
    .describe('Most open WebSockets of one account; a page of Cylc has one or two. More get 429. 0: no limit.'),
  webSocketsPerServer: z
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('Most open WebSockets to one server or service, of all accounts. More get 503. 0: no limit.'),
  maxHeaderKiB: z
    .number()
    .int()
    .min(8)
    .max(256)
    .default(32)
    .describe('Largest head (request line and headers) of a request or an answer, KiB.'),
  clientHeadersTimeoutS: z
    .number()
    .min(1)
    .default(20)
    .describe('Longest time a client may take to send the head of a request, seconds.'),
  clientKeepAliveS: z
    .number()
    .min(1)
    .default(75)
    .describe("How long a client's idle connection is kept, seconds. Longer than that of a proxy in front."),
  clientBodyIdleS: z
    .number()
    .min(1)
    .default(60)
    .describe(
      'Longest silence of a client in the middle of a request body, seconds. A body that keeps coming may take as long as it likes.',
    ),
  clientReadIdleS: z
    .number()
    .min(1)
    .default(300)
    .describe(
      'Longest time a client may take nothing of an answer or WebSocket that waits for it, seconds. Then it is cut off; one that reads, however slowly, is not.',
    ),
  pingS: z
    .number()
    .min(1)
    .default(30)
    .describe(
      'A WebSocket client that sent nothing for so long is pinged; after as long again without a byte it counts as gone, seconds.',
    ),
  drainS: z
    .number()
    .min(0)
    .default(10)
    .describe('How long running requests may take to end when the gateway goes down, seconds.'),
  lane: z
    .boolean()
    .default(true)
    .describe(
      'Whether requests of the plainest kind (no body, head in one piece) are read by the strict reader of the gateway itself, at half the cost; all others are read by Node. Off: Node reads all.',
    ),
});
