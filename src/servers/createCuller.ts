import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { cullReason, plannedStop } from './culling.ts';
import type { CullingRules } from './culling.ts';
import type { Records } from './records.ts';
import { keyText } from './types.ts';
import type { ServerKey, Servers, ServerView } from './types.ts';

export interface CullerParts {
  rules: CullingRules & { keepAtMostS: number };
  records: Records;
  list: () => ServerView[];
  stop: Servers['stop'];
  clock: Clock;
  log: Logger;
}

export interface Culler {
  /** Adds the planned stop to what others see. */
  overlay(view: ServerView): ServerView;
  /** Stops what is due; does not wait for it. */
  look(): void;
  keep: Servers['keep'];
}

/** Stops servers that nobody uses, after a warning; their schedulers go on. */
export function createCuller({ rules, records, list, stop, clock, log }: CullerParts): Culler {
  const under = new Set<string>();
  const earliestMs = clock.now() + rules.cullWarningS * 1000;
  const planOf = (view: ServerView) => plannedStop(view, rules, { nowMs: clock.now(), earliestMs });

  async function cull(view: ServerView, why: 'idle' | 'age'): Promise<void> {
    const id = keyText(view);
    under.add(id);
    log.info({ server: id, why, lastActivityAt: view.lastActivityAt }, 'server is stopped by the rules');
    try {
      // Beforehand: who sees that it has stopped sees why. A start forgets it.
      void records.update(view, { stopReason: cullReason(why) }).catch(() => {});
      await stop(view, { by: 'the rules of this site' });
    } catch (error) {
      void records.update(view, { stopReason: null }).catch(() => {});
      log.error({ err: error, server: id }, 'server could not be stopped by the rules');
    } finally {
      under.delete(id);
    }
  }

  return {
    overlay(view) {
      const planned = planOf(view);
      return planned === undefined ? view : { ...view, plannedStop: planned };
    },
    look() {
      if (rules.idleTimeoutS === undefined && rules.maxAgeS === undefined) return;
      for (const view of list()) {
        const planned = planOf(view);
        if (planned === undefined || Date.parse(planned.at) > clock.now() || under.has(keyText(view))) continue;
        void cull(view, planned.why);
      }
    },
    async keep(key: ServerKey, until: string | null) {
      if (records.get(key) === undefined) throw new GatewayError('request.not-found');
      const latest = clock.now() + rules.keepAtMostS * 1000;
      if (until !== null && !(Date.parse(until) <= latest))
        throw new GatewayError('request.invalid', {
          message: `A server can be kept until ${new Date(latest).toISOString()} at the latest.`,
        });
      await records.update(key, { keepUntil: until });
    },
  };
}
