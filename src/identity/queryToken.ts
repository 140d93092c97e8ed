/**
 * A Hub token in an address (`?token=cgw_…`), however it is encoded, and the query without it; undefined where there is
 * none. UI servers read it from a query with WebSockets, to which a page can add no header. Edge-safe.
 */
export function takeQueryToken(query: string): { token: string; query: string } | undefined {
  if (!/token|%/i.test(query)) return undefined;
  const fields = query.slice(1).split('&');
  const tokens = fields.flatMap((field) => {
    const [name = '', value = ''] = [...new URLSearchParams(field)][0] ?? [];
    return name === 'token' && value.trim().startsWith('cgw_') ? [value.trim()] : [];
  });
  const token = tokens.at(-1);
  if (token === undefined) return undefined;
  const rest = fields.filter((field) => ![...new URLSearchParams(field)].some(([name]) => name === 'token'));
  return { token, query: rest.length === 0 ? '' : `?${rest.join('&')}` };
}
