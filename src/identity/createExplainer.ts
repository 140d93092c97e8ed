import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { SetupError } from '../errors.ts';
import { adminKind } from '../store/kinds.ts';
import { adminSchema } from '../store/schema.ts';
import type { AdminData } from '../store/schema.ts';
import { createAccounts } from './accounts.ts';
import { explainClaims, explainToken } from './explain.ts';
import type { Step } from './explain.ts';
import { createIssuers } from './issuers.ts';
import { createSiteAccounts } from './siteAccounts.ts';
import { createVerifier } from './verify.ts';

/** What `cylc-gateway token explain` asks: the very parts that the gateway is built of, without a running one. */
export interface Explainer {
  token(token: string): Promise<Step[]>;
  claims(claims: Record<string, unknown>, issuer: string | undefined): Promise<Step[]>;
}

export async function createExplainer({ config, clock }: { config: Config; clock: Clock }): Promise<Explainer> {
  const { identity, access } = config;
  const faults: string[] = [];
  const log = { warn: (fields: object) => void faults.push(String((fields as { err?: unknown }).err)) };
  const issuers = (await createIssuers(identity.issuers, { clock, log, onKeysChange: () => {} })).map(
    ({ trusted }) => trusted,
  );
  const all = [...identity.issuers, ...(identity.oidc === undefined ? [] : [identity.oidc])];
  const mappings = new Map(all.map((one) => [one.issuer, one]));
  const admin = await readAdmin(config.dataDir);
  const document = { data: admin, trouble: undefined, update: () => Promise.resolve(), onChange: () => () => {} };
  const accounts = createAccounts({
    admin: document,
    clock,
    admins: access.admins,
    adminGroups: access.adminGroups,
  });
  const people = createSiteAccounts({
    accounts,
    mappings,
    adminGroups: access.adminGroups,
    allowGroups: identity.allowGroups,
    contact: identity.contact,
  });
  const { skewS } = identity.session;
  const parts = {
    issuers,
    mappings,
    accounts,
    people,
    isBlocked: (account: string) => admin.accounts[account]?.blocked === true,
    verifier: createVerifier({ issuers, clock, skewS }),
    nowMs: clock.now(),
    skewS,
  };
  return {
    async token(token) {
      const steps = await explainToken(token, parts);
      return [...steps, ...faults.map((fault): Step => ({ check: 'keys', outcome: 'note', detail: fault }))];
    },
    claims: (claims, issuer) => explainClaims(issuerOf(claims, issuer, all), claims, parts),
  };
}

function issuerOf(
  claims: Record<string, unknown>,
  asked: string | undefined,
  all: readonly { issuer: string }[],
): string {
  const issuer = asked ?? (typeof claims['iss'] === 'string' ? claims['iss'] : undefined);
  if (issuer !== undefined) return issuer;
  const [only, ...more] = all;
  if (only !== undefined && more.length === 0) return only.issuer;
  throw new SetupError('Whose claims are these? They name no `iss`.', {
    advice: `Add --issuer; the configuration has: ${all.map((one) => one.issuer).join(', ') || 'none'}.`,
    exitCode: 64,
  });
}

/** Read only: a running gateway has the lock. */
async function readAdmin(dataDir: string): Promise<AdminData> {
  try {
    const parsed = adminSchema.safeParse(JSON.parse(await readFile(join(dataDir, 'admin.json'), 'utf8')));
    return parsed.success ? parsed.data : adminKind.empty();
  } catch {
    return adminKind.empty();
  }
}
