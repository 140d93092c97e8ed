import type { AdminData, StateData } from '../../store/schema.ts';
import type { Store } from '../../store/types.ts';
import type { Clock } from '../../clock.ts';

/** A person whom the Hub has met: by a sign-in, or made by the API or an admin's hand. */
export interface KnownUser {
  name: string;
  /** ISO 8601. */
  createdAt: string | null;
  lastActivityAt: string | null;
}

/** Users as JupyterHub's API means them. That somebody has an account on the system does not make them one yet. */
export interface Directory {
  all(): KnownUser[];
  get(name: string): KnownUser | undefined;
  close(): void;
}

export function createDirectory(deps: { store: Store<AdminData, StateData>; clock: Clock }): Directory {
  const { admin, state } = deps.store;

  /** Whoever signs in for the first time gets an entry, as in JupyterHub's database. */
  function meet(name: string): void {
    if (admin.data.accounts[name] !== undefined) return;
    const written = admin.update((draft) => {
      draft.accounts[name] = { createdAt: new Date(deps.clock.now()).toISOString() };
    });
    // The store itself reports that it cannot write; the sign-in goes on.
    written.catch(() => undefined);
  }
  const stop = state.onChange(({ changes }) => {
    for (const { map, before, after } of changes)
      if (map === 'sessions' && before === undefined && after !== undefined)
        meet((after as { account: string }).account);
  });

  /** When each was last seen doing something; of one, or of all. */
  function lastActivity(only?: string): Map<string, string> {
    const latest = new Map<string, string>();
    const note = (name: string, at: string | null): void => {
      if (at === null || (only !== undefined && name !== only)) return;
      if (at > (latest.get(name) ?? '')) latest.set(name, at);
    };
    for (const { owner, lastActivityAt, startedAt } of Object.values(state.data.servers)) {
      note(owner, lastActivityAt);
      note(owner, startedAt);
    }
    for (const { account, createdAt } of Object.values(state.data.sessions)) note(account, createdAt);
    for (const { owner, kind, lastUsedAt } of Object.values(state.data.tokens))
      if (kind === 'user') note(owner, lastUsedAt);
    return latest;
  }

  const toUser = (name: string, active: Map<string, string>): KnownUser => ({
    name,
    createdAt: admin.data.accounts[name]?.createdAt ?? null,
    lastActivityAt: active.get(name) ?? null,
  });

  return {
    all() {
      const active = lastActivity();
      const owners = Object.values(state.data.servers).map(({ owner }) => owner);
      return [...new Set([...Object.keys(admin.data.accounts), ...owners])].map((name) => toUser(name, active));
    },
    get(name) {
      const met =
        Object.hasOwn(admin.data.accounts, name) ||
        Object.values(state.data.servers).some(({ owner }) => owner === name);
      return met ? toUser(name, lastActivity(name)) : undefined;
    },
    close: stop,
  };
}
