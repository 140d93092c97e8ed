import type { ClaimGroups } from './claims.ts';
import type { AccountRule } from '../config/sections/identityRules.ts';
import { claimAt, claimGroups, missingClaim, truthOf } from './claims.ts';

/** Claims → account name and groups, by the site's rules. Pure: whether the system has such a user is asked after. */
export interface Mapping {
  account: readonly AccountRule[];
  require: Readonly<Record<string, string | number | boolean>>;
  groups?: { claim: string; required: boolean } | undefined;
}

export type Mapped = { ok: true; name: string; rule: number; groups: string[] } | { ok: false; reason: string };

/** What became of one rule: for `token explain`. */
export interface RuleOutcome {
  /** Beginning with 1. */
  rule: number;
  claim: string;
  outcome: string;
  name?: string;
}

export interface AccountRules {
  /** Claim with the list of groups; undefined where groups of claims do not count. */
  groupsClaim: string | undefined;
  /** `lastGroups` count where the claims name none. */
  map(claims: Readonly<Record<string, unknown>>, lastGroups?: readonly string[]): Mapped;
  /** The groups alone, for a name that is known. */
  groups(claims: Readonly<Record<string, unknown>>, lastGroups?: readonly string[]): ClaimGroups;
  /** Every rule up to the one that gives a name. */
  trace(claims: Readonly<Record<string, unknown>>): RuleOutcome[];
}

/** Longest value of a claim that is looked at: a name is short, and a pattern must not be made to run for ever. */
const maxValueLength = 255;

export function createAccountRules(mapping: Mapping): AccountRules {
  const rules = mapping.account.map((rule) => ({
    ...rule,
    expression: rule.pattern === undefined ? undefined : new RegExp(`^(?:${rule.pattern})$`, 'u'),
  }));

  function trace(claims: Readonly<Record<string, unknown>>): RuleOutcome[] {
    const outcomes: RuleOutcome[] = [];
    for (const [index, rule] of rules.entries()) {
      const applied = apply(rule, claims);
      outcomes.push({ rule: index + 1, claim: rule.claim, ...applied });
      if (applied.name !== undefined) break;
    }
    return outcomes;
  }

  function groups(claims: Readonly<Record<string, unknown>>, lastGroups?: readonly string[]): ClaimGroups {
    if (mapping.groups === undefined) return { ok: true, groups: [] };
    const { claim, required } = mapping.groups;
    if (lastGroups !== undefined && claimAt(claims, claim) === undefined) return { ok: true, groups: [...lastGroups] };
    const found = claimGroups(claims, claim);
    return found.ok || required ? found : { ok: true, groups: [] };
  }

  return {
    groupsClaim: mapping.groups?.claim,
    trace,
    groups,
    map(claims, lastGroups) {
      const missing = missingClaim(claims, mapping.require);
      if (missing !== undefined) return { ok: false, reason: `claim ${missing} is not as required` };
      const last = trace(claims).at(-1);
      if (last?.name === undefined) return { ok: false, reason: 'no rule gives an account' };
      const found = groups(claims, lastGroups);
      return found.ok ? { ok: true, name: last.name, rule: last.rule, groups: found.groups } : found;
    },
  };
}

type Compiled = AccountRule & { expression: RegExp | undefined };

function apply(rule: Compiled, claims: Readonly<Record<string, unknown>>): { outcome: string; name?: string } {
  const value = claimAt(claims, rule.claim);
  if (value === undefined) return { outcome: 'no such claim' };
  if (typeof value !== 'string' || value === '') return { outcome: 'the claim is no text' };
  if (value.length > maxValueLength) return { outcome: 'the claim is too long' };
  // A provider that says so itself: whoever types an address there has not shown that it is theirs.
  const verified = claims['email_verified'];
  if (rule.claim === 'email' && verified !== undefined && truthOf(verified) !== true)
    return { outcome: 'the address is not verified' };
  const matched = match(rule, rule.lowerCase ? value.toLowerCase() : value);
  if (matched === undefined) return { outcome: 'the pattern does not match' };
  if (rule.table === undefined) return { outcome: 'gives the name', name: matched };
  const name = Object.hasOwn(rule.table, matched) ? rule.table[matched] : undefined;
  return name === undefined ? { outcome: 'not in the table' } : { outcome: 'the table gives the name', name };
}

function match({ expression, name }: Compiled, value: string): string | undefined {
  if (expression === undefined) return name === undefined ? value : value.replace(/^.*$/su, name);
  const found = expression.exec(value);
  if (found === null) return undefined;
  const given = value.replace(expression, name ?? (found.length > 1 ? '$1' : '$&'));
  return given === '' ? undefined : given;
}
