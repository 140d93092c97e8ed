import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signed values in the form of tornado's version 2, which hubapp's login cookies have. */
export function signValue(secret: Buffer, name: string, value: string): string {
  const field = (text: string) => `${text.length}:${text}`;
  const time = String(Math.floor(Date.now() / 1000));
  const head = ['2', field('0'), field(time), field(name), field(Buffer.from(value).toString('base64')), ''].join('|');
  return head + createHmac('sha256', secret).update(head).digest('hex');
}

/** The value where the signature is ours and the name fits; else undefined. */
export function verifyValue(secret: Buffer, name: string, signed: string | undefined): string | undefined {
  const text = signed?.replaceAll(/^"|"$/g, '') ?? '';
  const cut = text.lastIndexOf('|') + 1;
  const expected = createHmac('sha256', secret).update(text.slice(0, cut)).digest();
  const given = Buffer.from(text.slice(cut), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const [, , , signedName, encoded] = text.split('|');
  if (signedName !== `${name.length}:${name}` || encoded === undefined) return undefined;
  return Buffer.from(encoded.slice(encoded.indexOf(':') + 1), 'base64').toString('utf8');
}

/** One cookie of a `Cookie` header. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const cut = part.indexOf('=');
    if (part.slice(0, cut).trim() === name) return part.slice(cut + 1).trim();
  }
  return undefined;
}
