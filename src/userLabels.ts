/** What is both an account's name and a label of a domain name (RFC 1123, 2.1), and not one of ours or of IDNA. */
const plainLabel = /^(?!xn--|u--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const coded = /^u--[a-z2-7]{1,60}$/;
const digits = 'abcdefghijklmnopqrstuvwxyz234567';

/** The label of an account in `<label>.users.example`: its name where that will do, else base32 of it (RFC 4648, 6). */
export function labelOf(name: string): string {
  return plainLabel.test(name) ? name : `u--${encode(new TextEncoder().encode(name))}`;
}

/** The account of a label; undefined for what `labelOf` would never make. */
export function nameOf(label: string): string | undefined {
  if (plainLabel.test(label)) return label;
  if (!coded.test(label)) return undefined;
  const name = new TextDecoder().decode(decode(label.slice(3)));
  return labelOf(name) === label ? name : undefined;
}

function encode(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += digits[(value >> (bits - 5)) & 31]!;
  }
  return bits === 0 ? text : text + digits[(value << (5 - bits)) & 31]!;
}

function decode(text: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const digit of text) {
    value = ((value << 5) | digits.indexOf(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 255);
  }
  return Uint8Array.from(bytes);
}
