import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import { closeAfterAnswer } from './lastAnswer.ts';

/** Longest bodies that are read, bytes. Whoever reads one names its limit; the smallest holds until it is known who sends. */
export const bodyLimits = {
  anonymous: 16 * 1024,
  /** Forms of our own pages. */
  form: 64 * 1024,
  api: 1024 * 1024,
  /** Reports of relays, which bring the log of a job with them. */
  relay: 2 * 1024 * 1024,
  /** The command line's socket: whole documents of the store (see `maxBytes` in `store/kinds.ts`). */
  control: 32 * 1024 * 1024,
} as const;

/** A request in Hono's context, or the pair that node:http has of it as `env`. */
export interface BodySource {
  /** `incoming` and `outgoing` of `@hono/node-server`; without them, the body of `req` is read. */
  readonly env: unknown;
  readonly req?: { readonly raw: Request };
}

interface NodePair {
  incoming?: IncomingMessage;
  outgoing?: ServerResponse;
}

/** A body as it is read: its media type and bytes. */
export interface RequestBody {
  /** Lower case, without parameters; undefined where none is named. */
  type: string | undefined;
  bytes: Uint8Array;
}

/**
 * The one place where bodies of requests are read. What announces more than `maxBytes` is refused before a byte of it
 * is read, and what turns out to be longer is not read on; the connection ends with the answer.
 *
 * @throws GatewayError `request.too-large`; `request.malformed` where the client breaks off
 */
export async function readBody(source: BodySource, maxBytes: number): Promise<RequestBody> {
  const { incoming, outgoing } = (source.env ?? {}) as NodePair;
  if (incoming === undefined) return readRequest(source.req?.raw, maxBytes);
  const { headers } = incoming;
  try {
    if (announces(headers) > maxBytes) throw bodyTooLarge(maxBytes);
    const chunks = incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    return { type: mediaType(headers['content-type']), bytes: await collect(chunks, maxBytes) };
  } catch (error) {
    if (!incoming.complete && outgoing !== undefined) closeAfterAnswer(incoming, outgoing);
    throw error;
  }
}

/** Bytes that the head of a request announces; 0 where it does not tell. */
export function announces(headers: IncomingMessage['headers']): number {
  return Number(headers['content-length'] ?? 0);
}

export function bodyTooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request.too-large', {
    message: `The request is too large: ${maxBytes / 1024} KiB at most.`,
  });
}

async function readRequest(request: Request | undefined, maxBytes: number): Promise<RequestBody> {
  const type = mediaType(request?.headers.get('content-type') ?? undefined);
  if (Number(request?.headers.get('content-length') ?? 0) > maxBytes) throw bodyTooLarge(maxBytes);
  if (request?.body == null) return { type, bytes: new Uint8Array() };
  return { type, bytes: await collect(request.body, maxBytes) };
}

async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > maxBytes) throw bodyTooLarge(maxBytes);
      read.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : new GatewayError('request.malformed', { cause });
  }
  return read.length === 1 ? read[0]! : Buffer.concat(read, size);
}

function mediaType(value: string | undefined): string | undefined {
  return value?.split(';', 1)[0]!.trim().toLowerCase();
}
