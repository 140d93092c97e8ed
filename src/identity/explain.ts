import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { AccountRules, RuleOutcome } from './accountRules.ts';
import type { SiteAccounts } from './siteAccounts.ts';
import type { Accounts } from './accounts.ts';
import type { Mapping } from './accountRules.ts';
import { claimGroups, missingClaim } from './claims.ts';
import type { Verifier } from './verify.ts';
import { maxTokenLength } from './verify.ts';
import type { TrustedIssuer } from './verify.ts';

/** Each check of a token, each rule, and what became of it: for an admin who wants to know why somebody gets in or not. */
export interface Step {
  check: string;
  outcome: 'yes' | 'no' | 'note';
  detail: string;
}

export interface ExplainParts {
  issuers: readonly TrustedIssuer[];
  mappings: ReadonlyMap<string, Mapping>;
  verifier: Verifier;
  accounts: Accounts;
  people: SiteAccounts;
  isBlocked(account: string): boolean;
  nowMs: number;
  skewS: number;
}

/** Explains a token. No step repeats the token, its signature, or a claim that no check looks at. */
export async function explainToken(token: string, parts: ExplainParts): Promise<Step[]> {
  const shape = shapeOf(token);
  if (shape.step.outcome === 'no') return [shape.step];
  const { header, claims } = shape;
  const issuer = parts.issuers.find((one) => one.issuer === claims['iss']);
  const steps = [shape.step, issuerStep(claims['iss'], issuer, parts.issuers)];
  if (issuer === undefined) return steps;
  steps.push(...headerSteps(header, issuer), ...claimSteps(claims, issuer, parts));
  const verified = await parts.verifier.verify(token);
  steps.push(
    verified.ok
      ? yes(
          'all checks together',
          `verified; its session is ${verified.value.sessionNamed ? 'named by it' : 'the person'}`,
        )
      : no('all checks together', `${verified.error.code}: ${verified.reason}`),
  );
  return [...steps, ...(await explainClaims(issuer.issuer, claims, parts))];
}

/** From the claims of that issuer to an account, as if a good token held them. */
export async function explainClaims(
  issuer: string,
  claims: Readonly<Record<string, unknown>>,
  parts: Pick<ExplainParts, 'mappings' | 'people' | 'accounts' | 'isBlocked'>,
): Promise<Step[]> {
  const mapping = parts.mappings.get(issuer);
  const rules = parts.people.rulesOf(issuer);
  if (mapping === undefined || rules === undefined) return [no('rules', 'no rules for that issuer')];
  const steps = [
    ...requireSteps(claims, mapping),
    ...rules.trace(claims).map(ruleStep),
    ...groupSteps(claims, mapping),
  ];
  const mapped = rules.map(claims);
  if (!mapped.ok) return [...steps, no('account', mapped.reason)];
  return [...steps, ...(await accountSteps(mapped, parts))];
}

async function accountSteps(
  mapped: Extract<ReturnType<AccountRules['map']>, { ok: true }>,
  { accounts, people, isBlocked }: Pick<ExplainParts, 'accounts' | 'people' | 'isBlocked'>,
): Promise<Step[]> {
  const looked = await accounts.lookup(mapped.name);
  if (!looked.ok) return [no(`system account ${shown(mapped.name)}`, looked.reason)];
  const steps = [yes(`system account ${looked.account.name}`, `uid ${looked.account.uid}`)];
  const found = await people.byName(mapped.name, mapped.groups);
  if (!found.ok) return [...steps, no('may sign in', found.reason)];
  const { account } = found;
  steps.push(note('groups', account.groups.join(', ') || 'none'));
  steps.push(note('admin', account.admin ? 'yes' : 'no'));
  return [...steps, isBlocked(account.name) ? no('not blocked', 'blocked in admin.json') : yes('not blocked', '')];
}

type Shape = { step: Step; header: Record<string, unknown>; claims: Record<string, unknown> };

function shapeOf(token: string): Shape {
  const check = 'a signed token of three parts';
  const fault = (detail: string): Shape => ({ step: no(check, detail), header: {}, claims: {} });
  if (token.length > maxTokenLength) return fault(`${token.length} characters; ${maxTokenLength} are looked at`);
  const parts = token.split('.').length;
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
    return fault(parts === 5 ? 'it is encrypted (five parts)' : `${parts} parts, or characters that base64url has not`);
  try {
    return { step: yes(check, ''), header: { ...decodeProtectedHeader(token) }, claims: { ...decodeJwt(token) } };
  } catch {
    return fault('it cannot be decoded');
  }
}

function issuerStep(iss: unknown, found: TrustedIssuer | undefined, all: readonly TrustedIssuer[]): Step {
  if (found !== undefined) return yes('issuer', found.issuer);
  const known = all.map(({ issuer }) => issuer).join(', ') || 'none';
  return no('issuer', `${shown(iss)} is none of those configured: ${known}`);
}

function headerSteps(header: Record<string, unknown>, issuer: TrustedIssuer): Step[] {
  const { alg, kid, crit } = header;
  const allowed = issuer.algorithms as readonly unknown[];
  return [
    step('algorithm', allowed.includes(alg), `${shown(alg)}; allowed: ${issuer.algorithms.join(', ')}`),
    note('key', kid === undefined ? 'the token names none' : shown(kid)),
    ...(crit === undefined ? [] : [no('critical extensions', 'none are understood')]),
  ];
}

function claimSteps(claims: Record<string, unknown>, issuer: TrustedIssuer, parts: ExplainParts): Step[] {
  const { aud, exp, nbf, iat } = claims;
  const nowS = parts.nowMs / 1000;
  const audiences = [aud].flat();
  const { skewS } = parts;
  return [
    step(
      'audience',
      audiences.some((one) => issuer.audience.includes(String(one))),
      `${shown(aud)}; wanted: ${issuer.audience.join(' or ')}`,
    ),
    step('not expired', typeof exp === 'number' && exp + skewS > nowS, timeOf(exp, nowS)),
    ...(nbf === undefined
      ? []
      : [step('has begun', typeof nbf === 'number' && nbf - skewS <= nowS, timeOf(nbf, nowS))]),
    ...(iat === undefined
      ? []
      : [step('not from the future', typeof iat === 'number' && iat - skewS <= nowS, timeOf(iat, nowS))]),
    ...(issuer.maxAgeS === undefined
      ? []
      : [
          step(
            'young enough',
            typeof iat === 'number' && nowS - iat <= issuer.maxAgeS + skewS,
            `at most ${issuer.maxAgeS} s; ${timeOf(iat, nowS)}`,
          ),
        ]),
  ];
}

function requireSteps(claims: Readonly<Record<string, unknown>>, mapping: Mapping): Step[] {
  const missing = missingClaim(claims, mapping.require);
  const wanted = Object.keys(mapping.require);
  if (wanted.length === 0) return [];
  return [
    step(
      'required claims',
      missing === undefined,
      missing === undefined ? wanted.join(', ') : `${missing} is not as required`,
    ),
  ];
}

function ruleStep({ rule, claim, outcome, name }: RuleOutcome): Step {
  const check = `rule ${rule} (claim ${claim})`;
  return name === undefined ? note(check, outcome) : yes(check, `${outcome} ${shown(name)}`);
}

function groupSteps(claims: Readonly<Record<string, unknown>>, { groups }: Mapping): Step[] {
  if (groups === undefined) return [];
  const found = claimGroups(claims, groups.claim);
  if (found.ok) return [yes(`groups (claim ${groups.claim})`, `${found.groups.length}`)];
  return [(groups.required ? no : note)(`groups (claim ${groups.claim})`, found.reason)];
}

function timeOf(value: unknown, nowS: number): string {
  if (typeof value !== 'number' || !(Math.abs(value) < 1e12)) return `${shown(value)} is no time`;
  const seconds = Math.round(value - nowS);
  return `${new Date(value * 1000).toISOString()}, ${Math.abs(seconds)} s ${seconds < 0 ? 'ago' : 'from now'}`;
}

/** A value for the terminal: short, and without control characters. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.replace(/\p{C}/gu, '?').slice(0, 200);
}

const yes = (check: string, detail: string): Step => ({ check, outcome: 'yes', detail });
const no = (check: string, detail: string): Step => ({ check, outcome: 'no', detail });
const note = (check: string, detail: string): Step => ({ check, outcome: 'note', detail });
const step = (check: string, holds: boolean, detail: string): Step => (holds ? yes(check, detail) : no(check, detail));
