import type { ServerView } from './types.ts';

/** The site's rules on servers that nobody uses. Times in seconds; undefined: no such rule. */
export interface CullingRules {
  idleTimeoutS?: number | undefined;
  maxAgeS?: number | undefined;
  cullWarningS: number;
}

/** When a server will be stopped, and why. */
export interface PlannedStop {
  /** ISO 8601, UTC. */
  at: string;
  why: 'idle' | 'age';
  /** So near that people are warned. */
  soon: boolean;
}

/**
 * When this server is to be stopped by the rules, or undefined. Its owner may have put that off (`keepUntil`). After a
 * restart of the gateway nobody could use their server for a while, or see the warning: nothing is due before
 * `earliestMs`.
 */
export function plannedStop(
  view: Pick<ServerView, 'phase' | 'startedAt' | 'lastActivityAt' | 'keepUntil'>,
  rules: CullingRules,
  when: { nowMs: number; earliestMs: number },
): PlannedStop | undefined {
  if (view.phase !== 'ready') return undefined;
  const started = timeOf(view.startedAt);
  const used = Math.max(timeOf(view.lastActivityAt), started);
  const idle = due('idle', used, rules.idleTimeoutS);
  const age = due('age', started, rules.maxAgeS);
  const first = [idle, age].filter((one) => one !== undefined).toSorted((one, other) => one.atMs - other.atMs)[0];
  if (first === undefined) return undefined;
  const atMs = Math.max(first.atMs, timeOf(view.keepUntil ?? null), when.earliestMs);
  const soon = when.nowMs >= atMs - rules.cullWarningS * 1000;
  return { at: new Date(atMs).toISOString(), why: first.why, soon };
}

function due(why: PlannedStop['why'], sinceMs: number, afterS: number | undefined) {
  return afterS === undefined ? undefined : { why, atMs: sinceMs + afterS * 1000 };
}

function timeOf(at: string | null): number {
  return at === null ? 0 : Date.parse(at);
}

/** What its owner reads afterwards. */
export function cullReason(why: PlannedStop['why']): string {
  return why === 'idle'
    ? 'It was stopped because nobody had used it for a while.'
    : 'It was stopped at its greatest age.';
}
