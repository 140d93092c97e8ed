import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Clock } from '../clock.ts';

/**
 * Where the built-in provider keeps its short-lived records (codes, interactions): in memory, since a sign-in under
 * way takes seconds. Bounded: the oldest go first, and anonymous visitors can fill no more than that.
 */
export function createProviderStore(options: { clock: Clock; maxPerModel?: number }): AdapterFactory {
  const { clock, maxPerModel = 2000 } = options;
  return () => createAdapter(clock, maxPerModel);
}

interface Kept {
  payload: AdapterPayload;
  untilMs: number;
}

function createAdapter(clock: Clock, max: number): Adapter {
  /** In order of insertion, so the first is the oldest. */
  const kept = new Map<string, Kept>();
  const fresh = (found: Kept | undefined): AdapterPayload | undefined =>
    found !== undefined && found.untilMs > clock.now() ? found.payload : undefined;
  const search = (match: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    fresh([...kept.values()].find(({ payload }) => match(payload)));

  function makeRoom(): void {
    if (kept.size < max) return;
    for (const [id, { untilMs }] of kept) if (untilMs <= clock.now()) kept.delete(id);
    for (const id of kept.keys()) {
      if (kept.size < max) return;
      kept.delete(id);
    }
  }

  return {
    async upsert(id, payload, expiresInS) {
      kept.delete(id);
      makeRoom();
      kept.set(id, { payload, untilMs: clock.now() + (expiresInS ?? 600) * 1000 });
    },
    find: async (id) => fresh(kept.get(id)),
    findByUid: async (uid) => search((payload) => payload.uid === uid),
    findByUserCode: async (code) => search((payload) => payload.userCode === code),
    async consume(id) {
      const found = kept.get(id);
      if (found !== undefined) found.payload.consumed = Math.floor(clock.now() / 1000);
    },
    async destroy(id) {
      kept.delete(id);
    },
    async revokeByGrantId(grantId) {
      for (const [id, { payload }] of kept) if (payload.grantId === grantId) kept.delete(id);
    },
  };
}
