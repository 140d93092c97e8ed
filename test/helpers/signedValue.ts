/** As tornado 6 writes it: `create_signed_value(secret, name, token, version=2)`. */
export function signedValue(name: string, token: string): string {
  const field = (text: string) => `${text.length}:${text}`;
  const encoded = Buffer.from(token).toString('base64');
  return `2|${field('0')}|${field('1760000000')}|${field(name)}|${field(encoded)}|${'0'.repeat(64)}`;
}
