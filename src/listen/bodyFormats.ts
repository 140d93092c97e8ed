import { GatewayError } from '../errors.ts';
import { readBody } from './requestBody.ts';
import type { BodySource } from './requestBody.ts';

/** Fields of a posted form by name. Without inherited names. */
export type PostedForm = Readonly<Record<string, string | undefined>>;

/** More than any form of ours has. */
export const maxFields = 100;

const formType = 'application/x-www-form-urlencoded';

/**
 * The form in the body of a request. Only the urlencoded kind is taken: no form of ours sends files.
 *
 * @throws GatewayError `request.too-large`, `request.media-type`, `request.malformed`
 */
export async function readForm(source: BodySource, maxBytes: number): Promise<PostedForm> {
  const { type, bytes } = await readBody(source, maxBytes);
  if (type === formType) return parseForm(bytes);
  if (bytes.length === 0) return parseForm(new Uint8Array());
  throw new GatewayError('request.media-type', { advice: `Send it as ${formType}.` });
}

/**
 * The text in the body of a request.
 *
 * @throws GatewayError `request.too-large`, `request.media-type` for multipart, `request.malformed` where it is not UTF-8
 */
export async function readText(source: BodySource, maxBytes: number): Promise<string> {
  const { type, bytes } = await readBody(source, maxBytes);
  if (type?.startsWith('multipart/') === true) throw new GatewayError('request.media-type');
  return toText(bytes);
}

/** The value of a body in JSON; undefined where it is none. Throws as `readText` does. */
export async function readJson(source: BodySource, maxBytes: number): Promise<unknown> {
  const text = await readText(source, maxBytes);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * `application/x-www-form-urlencoded` in one pass over the bytes. Stricter than the URL Standard, since what two programs
 * read differently is refused: a name that comes twice, a broken escape, bytes that are not UTF-8. Throws a GatewayError.
 */
export function parseForm(bytes: Uint8Array): PostedForm {
  const form: Record<string, string> = Object.create(null) as Record<string, string>;
  const text = toText(bytes);
  // One more than are taken, so that the rest of a longer list is never cut up
  const fields = text === '' ? [] : text.split('&', maxFields + 1);
  if (fields.length > maxFields) throw malformed(`the form has more than ${maxFields} fields`);
  for (const field of fields) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    const name = decode(equals === -1 ? field : field.slice(0, equals));
    if (name in form) throw malformed('the form names a field twice');
    form[name] = equals === -1 ? '' : decode(field.slice(equals + 1));
  }
  return form;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw malformed('the form has a broken escape', cause);
  }
}

function toText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed('the body is not UTF-8', cause);
  }
}

function malformed(fault: string, cause?: unknown): GatewayError {
  return new GatewayError('request.malformed', { facts: { fault }, cause });
}
