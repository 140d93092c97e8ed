/** One line of the audit trail. */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  at: string;
  what: AuditWhat;
  result: 'ok' | 'denied' | 'failed';
  /** Account or service that did it or wanted to, as far as it is known; null for nobody known. */
  who: string | null;
  /** Whose rights were used, where those were not their own: the owner of the server that was opened or started. */
  as: string | null;
  /** What it was done to: `server alice/`, `share …`, `account bob`, or an address. */
  target: string | null;
  /** Whose that is: they may read the line. */
  owner: string | null;
  way: 'page' | 'api' | 'server' | 'command line' | 'hand edit' | 'gateway';
  /** Address of the client, by the rules for trusted proxies; null where there was none. */
  from: string | null;
  requestId: string | null;
  /** Of the refusal or failure. */
  code: string | null;
  reason: string | null;
  detail?: Readonly<Record<string, unknown>>;
  /** How often the same came again since the line before, until `at`. */
  repeated?: number;
}

export type AuditWhat =
  | 'denied'
  | 'sign-in'
  | 'sign-out'
  | 'visit'
  | `server.${'start' | 'ready' | 'failed' | 'stop' | 'cancel' | 'removed'}`
  | `share.${'made' | 'changed' | 'revoked'}`
  | `token.${'made' | 'revoked'}`
  | 'account.blocked'
  | `${'account' | 'group' | 'announcement' | 'service' | 'profile' | 'wish'}.${'made' | 'changed' | 'removed'}`
  | `gateway.${'started' | 'stopped' | 'shutdown'}`
  | 'service.restarted'
  | 'audit.lost';

const longest = 200;
const deepest = 4;

/**
 * Text of others: no control or invisible character reaches a terminal or an editor as such, none of our tokens can be
 * in it, and nobody can make a line long.
 */
export function cleanText(text: string): string {
  const safe = text
    .slice(0, longest * 2)
    .replaceAll(/cgw_[\w-]+/g, 'cgw_…')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe;
}

/** The line of a record, every text in it cleaned. */
export function toLine(record: AuditRecord): string {
  return `${JSON.stringify(clean(record, 0))}\n`;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === deepest) return '…';
  if (Array.isArray(value)) return value.slice(0, 50).map((one) => clean(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 50)
      .map(([name, one]) => [cleanText(name), clean(one, depth + 1)]),
  );
}
