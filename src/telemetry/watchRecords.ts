import type { Clock } from '../clock.ts';
import type { AdminData, StateData, TokenRecord } from '../store/schema.ts';
import type { ChangeListener, DeepReadonly, Store } from '../store/types.ts';
import type { Events } from './events.ts';

type RecordChange = Parameters<ChangeListener<StateData>>[0]['changes'][number];

/**
 * Tells what was changed in the store, by whatever page, call, command or editor: shares, accounts, groups and the rest
 * of admin.json, tokens, and sign-ins that another program vouches for. Returns the function that ends it.
 */
export function watchRecords({
  store,
  clock,
  events,
}: {
  store: Pick<Store<AdminData, StateData>, 'admin' | 'state'>;
  clock: Clock;
  events: Events;
}): () => void {
  const stopAdmin = store.admin.onChange(({ changes, by }) => {
    for (const { map, key, before, after } of changes) {
      const [was, is] = [before, after] as (Readonly<Record<string, unknown>> | undefined)[];
      const act = was === undefined ? 'made' : is === undefined ? 'removed' : 'changed';
      events.emit('record', { map, key, act, before: was, after: is, byHand: by === 'hand' });
    }
  });
  const stopState = store.state.onChange(({ changes }) => {
    for (const change of changes) {
      if (change.map === 'tokens') aboutToken(change, clock.now(), events);
      if (change.map === 'sessions') aboutSession(change, events);
    }
  });
  return () => {
    stopAdmin();
    stopState();
  };
}

/** Those of a server and of its visitors come and go with it: what people and services keep is told. */
function aboutToken({ before, after }: RecordChange, now: number, events: Events): void {
  const [was, is] = [before, after] as (DeepReadonly<TokenRecord> | undefined)[];
  const record = is ?? was;
  if (record === undefined || (was !== undefined && is !== undefined)) return;
  const { id, kind, owner, scopes, expiresAt } = record;
  if (kind === 'server' || kind === 'oauth') return;
  const over = expiresAt !== null && Date.parse(expiresAt) <= now;
  events.emit('token', {
    act: is !== undefined ? 'made' : over ? 'expired' : 'revoked',
    id,
    kind,
    owner,
    scopes,
    expiresAt,
  });
}

/** Sign-ins of our own are told where they are made; these have no such place. */
function aboutSession({ before, after }: RecordChange, events: Events): void {
  const is = after as StateData['sessions'][string] | undefined;
  if (before === undefined && is?.kind === 'external')
    events.emit('signIn', { ok: true, method: 'token', account: is.account });
}
