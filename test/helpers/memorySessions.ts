import type { SessionView } from '../../src/identity/sessionRecords.ts';
import type { Sessions } from '../../src/identity/sessions.ts';

/** Two sign-ins of alice and one of bob, for tests of the pages. */
export function createMemorySessions(): Sessions {
  const at = { createdAt: '2026-11-24T08:00:00Z', expiresAt: '2026-11-24T20:00:00Z', issuer: 'test' };
  const linux = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  let all: SessionView[] = [
    { ...at, id: 'session-alice', account: 'alice', kind: 'own', userAgent: linux },
    { ...at, id: 'session-alice-2', account: 'alice', kind: 'external', userAgent: '' },
    { ...at, id: 'session-bob', account: 'bob', kind: 'own', userAgent: linux },
  ];
  const end = (match: (session: SessionView) => boolean): Promise<number> => {
    const before = all.length;
    all = all.filter((session) => !match(session));
    return Promise.resolve(before - all.length);
  };
  return {
    list: (account) => all.filter((session) => session.account === account),
    listAll: () => all,
    revoke: async (id) => (await end((session) => session.id === id)) > 0,
    revokeAll: (account) => end((session) => session.account === account),
    onEnd: () => () => {},
    onRenew: () => () => {},
    onGroups: () => () => {},
  };
}
