import type { Visitor } from './visitor.ts';

/** A new token of that person's own, made on their page: with all that they may, unless told less. */
export async function ownToken(of: Visitor, may = 'all'): Promise<string> {
  const made = await of.submit(await of.get('/hub/token'), { 'option.note': 'test', 'option.may': may }, /token$/);
  const token = /cgw_[\w-]{40,}/.exec(made.body)?.[0];
  if (token === undefined) throw new Error(`no token: ${made.status} ${made.body.slice(0, 500)}`);
  return token;
}
