import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { createAccountRules } from './accountRules.ts';
import type { AccountRules, Mapping } from './accountRules.ts';
import type { Accounts } from './accounts.ts';
import type { Found } from './identify.ts';

/** From claims to a person who may sign in here: rules, then the system's user database, then groups and admins. */
export interface SiteAccountsOptions {
  accounts: Accounts;
  /** By issuer. */
  mappings: ReadonlyMap<string, Mapping>;
  /** Groups whose members are admins (`access.adminGroups`). */
  adminGroups: readonly string[];
  /** Only their members may sign in; empty: everyone with an account. */
  allowGroups: readonly string[];
  /** Whom to ask for an account. */
  contact: string;
}

export interface SiteAccounts {
  rulesOf(issuer: string): AccountRules | undefined;
  /** Whom the claims of that issuer name. `lastGroups` count where they name no groups. */
  byClaims(issuer: string, claims: Readonly<Record<string, unknown>>, lastGroups?: readonly string[]): Promise<Found>;
  /** A known person, with the groups that the claims of that issuer name. */
  byNameAndGroups(
    issuer: string,
    name: string,
    claims: Readonly<Record<string, unknown>>,
    lastGroups?: readonly string[],
  ): Promise<Found>;
  /** An account by its name, with groups that its provider named. */
  byName(name: string, claimGroups?: readonly string[]): Promise<Found>;
}

export function createSiteAccounts(options: SiteAccountsOptions): SiteAccounts {
  const { accounts, allowGroups, contact } = options;
  const rules = new Map([...options.mappings].map(([issuer, mapping]) => [issuer, createAccountRules(mapping)]));

  function refuse(reason: string): Found {
    const advice = `Ask ${contact} for an account.`;
    return { ok: false, error: new GatewayError('auth.no-account', { advice, facts: { why: reason } }), reason };
  }

  async function byName(name: string, claimGroups: readonly string[] = []): Promise<Found> {
    const found = await accounts.lookup(name);
    if (!found.ok) return refuse(found.reason);
    const account = withGroups(found.account, claimGroups, options.adminGroups);
    if (allowGroups.length > 0 && !allowGroups.some((group) => account.groups.includes(group)) && !account.visitor)
      return refuse('in none of the groups of identity.allowGroups');
    return { ok: true, account };
  }

  return {
    rulesOf: (issuer) => rules.get(issuer),
    byName,
    async byNameAndGroups(issuer, name, claims, lastGroups) {
      const found = rules.get(issuer)?.groups(claims, lastGroups) ?? { ok: true as const, groups: [] };
      return found.ok ? byName(name, found.groups) : refuse(found.reason);
    },
    async byClaims(issuer, claims, lastGroups) {
      const mapped = rules.get(issuer)?.map(claims, lastGroups) ?? {
        ok: false as const,
        reason: 'no rules for that issuer',
      };
      return mapped.ok ? byName(mapped.name, mapped.groups) : refuse(mapped.reason);
    },
  };
}

export function withGroups(account: Account, more: readonly string[], adminGroups: readonly string[]): Account {
  if (more.length === 0) return account;
  const groups = [...account.groups, ...more];
  return { ...account, groups, admin: account.admin || adminGroups.some((group) => groups.includes(group)) };
}
