import type { Target } from '../access/types.ts';
import type { ErrorCode } from '../errors.ts';
import type { ServerKey } from '../servers/types.ts';

/** What happens in the gateway that metrics count and the audit trail keeps. Who asked, and from where, is in the request context. */
export interface GatewayEvents {
  /** Somebody was refused something, or did not get it: every answer that is not what was asked for, in one place each. */
  refused: {
    code: ErrorCode;
    status: number;
    /** For the audit trail, never for the client. */
    reason?: string | undefined;
    account?: string | undefined;
    target?: Target | undefined;
    method: string;
    path: string;
    upgrade: boolean;
    /** A denial that looks as if there were nothing. */
    hidden?: boolean;
    /** Where the request is under no context: the hop's. */
    requestId?: string;
    from?: string;
  };
  signIn:
    | { ok: true; method: SignInMethod; account: string }
    | {
        ok: false;
        method: SignInMethod | 'unknown';
        /** As far as it is known; as typed by whoever tried. */
        account?: string | undefined;
        code: ErrorCode;
        reason?: string | undefined;
      };
  sessionEnd: { account: string; why: string };
  /** The first request of a session to the server of somebody else. */
  visit: {
    account: string;
    target: Extract<Target, { kind: 'server' }>;
    level: string;
    reason: string;
    requestId: string;
    from: string;
  };
  server: {
    key: ServerKey;
    act: 'start' | 'ready' | 'failed' | 'cancel' | 'stop' | 'stopped' | 'forget';
    /** Who asked for the start that this is of. */
    startedBy: string | null;
    profile: string;
    spawner: string;
    /** Since the start was asked for, seconds; with `ready`, `failed` and `cancel` of a start. */
    tookS?: number;
    code?: string | undefined;
    reason?: string | undefined;
  };
  stopAsked: { key: ServerKey; by: string; force: boolean; cancels: boolean };
  token: {
    act: 'made' | 'revoked' | 'expired';
    id: string;
    kind: 'user' | 'service' | 'share';
    owner: string;
    scopes: readonly string[];
    expiresAt: string | null;
  };
  /** A record of admin.json: shares, accounts, groups, announcements and so on, whoever changed it. */
  record: {
    map: string;
    key: string;
    act: 'made' | 'changed' | 'removed';
    before: Readonly<Record<string, unknown>> | undefined;
    after: Readonly<Record<string, unknown>> | undefined;
    byHand: boolean;
  };
  /** What an admin asked for that changes no record: the end of the gateway, say. */
  deed: { what: 'gateway.started' | 'gateway.stopped' | 'gateway.shutdown' | 'service.restarted'; target?: string };
  keysFetched: { issuer: string; ok: boolean };
  stored: { document: string; seconds: number; ok: boolean };
}

export type SignInMethod = 'oidc' | 'password' | 'link' | 'token';

type Listener<K extends keyof GatewayEvents> = (event: GatewayEvents[K]) => void;

/** Rooms emit, and do not care who listens. */
export interface Events {
  emit<K extends keyof GatewayEvents>(name: K, event: GatewayEvents[K]): void;
  /** Returns the function that ends it. */
  on<K extends keyof GatewayEvents>(name: K, listener: Listener<K>): () => void;
}

/** What a listener throws costs nobody but itself. */
export function createEvents(log: { error(fields: object, message: string): void }): Events {
  const listeners = new Map<string, Set<(event: never) => void>>();
  return {
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          listener(event as never);
        } catch (error) {
          log.error({ event: name, err: error }, 'a listener to events failed');
        }
      }
    },
    on(name, listener) {
      const those = listeners.get(name) ?? new Set();
      listeners.set(name, those);
      those.add(listener);
      return () => void those.delete(listener);
    },
  };
}
