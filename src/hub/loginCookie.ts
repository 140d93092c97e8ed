/**
 * The token inside a login cookie of hubapp: a value signed by tornado, version 2
 * (`2|1:0|10:<time>|<n>:<name>|<n>:<base64 of token>|<signature>`; tornado, `web.create_signed_value`).
 * The signature is hubapp's own to check; here only the token is read, and then looked up. Undefined if it has
 * another shape.
 */
export function tokenInLoginCookie(cookieValue: string): string | undefined {
  const value = unquoted(cookieValue);
  if (!value.startsWith('2|')) return undefined;
  let rest = value.slice(2);
  let last = '';
  for (let field = 0; field < 4; field += 1) {
    const head = /^(\d{1,4}):/.exec(rest);
    if (head === null) return undefined;
    const end = head[0].length + Number(head[1]);
    if (rest[end] !== '|') return undefined;
    last = rest.slice(head[0].length, end);
    rest = rest.slice(end + 1);
  }
  return /^[\w+/-]+={0,2}$/.test(last) ? Buffer.from(last, 'base64').toString('utf8') : undefined;
}

/** Python writes a cookie value that holds `=` or `/` in double quotes. */
function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
}
