import { GatewayError } from '../errors.ts';
import { readJson } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import type { BodySource } from '../listen/requestBody.ts';

/** The object in the body of a request. */
export async function bodyOf(source: BodySource): Promise<Record<string, unknown>> {
  const body = await readJson(source, bodyLimits.control);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new GatewayError('request.malformed');
}
