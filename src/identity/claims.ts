/** Reading claims: pure, and shared by the rules and by `token explain`. */

const maxDepth = 5;

/** The value of a claim; a name with dots that is no claim itself leads into objects (`realm_access.roles`). */
export function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  const parts = name.split('.');
  if (parts.length > maxDepth) return undefined;
  for (const part of parts) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Some providers send truth values as text (`"true"`): they are read as what they say. */
export function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** The first required claim that is missing or of another value; a list must contain the value. */
export function missingClaim(
  claims: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): string | undefined {
  return Object.entries(wanted).find(([name, value]) => {
    const found = claimAt(claims, name);
    if (Array.isArray(found)) return !found.includes(value);
    return typeof value === 'boolean' ? truthOf(found) !== value : found !== value;
  })?.[0];
}

/** A person is in no more groups than this; with more, a provider leaves some out or names another place to ask. */
const maxGroups = 300;
const plainGroup = /^[^\p{C}\p{Z}]{1,128}$/u;

export type ClaimGroups = { ok: true; groups: string[] } | { ok: false; reason: string };

/**
 * Groups of a claim, as `claim:<name>`. Fails closed: a claim that is missing, no list, too long, or has one odd name
 * gives no group at all, since a list cut short is not one to decide by.
 */
export function claimGroups(claims: Readonly<Record<string, unknown>>, name: string): ClaimGroups {
  const found = claimAt(claims, name);
  if (found === undefined) return { ok: false, reason: `no claim ${name}` };
  if (!Array.isArray(found)) return { ok: false, reason: `claim ${name} is no list` };
  if (found.length > maxGroups) return { ok: false, reason: `claim ${name} has more than ${maxGroups} groups` };
  if (!found.every((group) => typeof group === 'string' && plainGroup.test(group)))
    return { ok: false, reason: `claim ${name} has a group that is no plain name` };
  return { ok: true, groups: [...new Set(found)].map((group: string) => `claim:${group}`) };
}
