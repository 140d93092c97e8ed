import { GatewayError } from '../errors.ts';

/** The object in the body of a request. */
export async function bodyOf(req: { json(): Promise<unknown> }): Promise<Record<string, unknown>> {
  const body: unknown = await req.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new GatewayError('request.malformed');
}
