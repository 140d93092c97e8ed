import { isIP } from 'node:net';
import { z } from 'zod';
import { pathSchema } from '../paths.ts';

/** `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`. */
function isRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

const tlsSchema = z.strictObject({
  cert: pathSchema.describe("PEM file: the gateway's certificate, then its chain. Read anew when it changes."),
  key: pathSchema.describe('PEM file of its private key; may be the same file.'),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest version of TLS that is spoken.'),
  clientCa: pathSchema
    .optional()
    .describe('PEM file of authorities: only who shows a certificate of one of them gets as far as the sign-in.'),
});

/** Where the gateway listens, and whom it believes there. */
export const listenSchema = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on.'),
  port: z.number().int().min(0).max(65_535).default(8000).describe('TCP port; 0 picks a free one.'),
  socket: pathSchema
    .optional()
    .describe(
      'Path of a unix socket to listen on instead of `host` and `port`, for a web server in front on this machine: no other account can take its place during a restart. Whoever may connect is believed about `forwardedHeaders`.',
    ),
  socketGroup: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+$/, 'a group of the system')
    .optional()
    .describe('Group of that socket: the one that the web server runs with. Default: the group of the gateway.'),
  socketMode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'write three octal digits')
    .default('0660')
    .describe('Mode of that socket, octal: who may connect.'),
  tls: tlsSchema.optional().describe('Serve by TLS. Without it, a web server in front does.'),
  redirectPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      'Port, usually 80, that redirects page loads to `publicUrl`; forms, API calls and requests with a token are refused.',
    ),
  maxConnections: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Most connections of clients at once; more are closed as they come. Default: half the descriptors that the process may open (`LimitNOFILE`), so that servers and records stay in reach.',
    ),
  connectionsPerAddress: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Most connections from one address, other than those of `trustedProxies`. Default: a quarter of `maxConnections`.',
    ),
  trustedProxies: z
    .array(z.string().refine(isRange, 'an address or a range like 10.0.0.0/8'))
    .default([])
    .describe(
      'Addresses of proxies in front that are believed who the visitor is (`forwardedHeaders`). Nobody is, by default.',
    ),
  forwardedHeaders: z
    .array(z.enum(['x-forwarded-for', 'x-forwarded-host', 'forwarded']))
    .default(['x-forwarded-for'])
    .describe(
      'What the trusted proxies tell it by: only headers that they set themselves, since what they merely pass on is the word of the visitor.',
    ),
});
