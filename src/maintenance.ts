import { closedBy } from './access/maintenance.ts';
import type { Wanted } from './access/maintenance.ts';
import type { Account, Identity } from './access/types.ts';
import type { Clock } from './clock.ts';
import { GatewayError } from './errors.ts';
import type { Identify, Verified } from './identity/types.ts';
import type { Connections } from './proxy/types.ts';
import type { AdminData } from './store/schema.ts';
import type { DeepReadonly, StoreDocument } from './store/types.ts';

/** A time in which only admins, and whom they name, may be here: an announcement of `admin.json` that says so. */
export interface MaintenanceRoom {
  /** Why this account may not have that now; undefined where it may. */
  refusal(account: Account, wanted: Wanted): GatewayError | undefined;
  /** What to tell those who have not signed in yet: the text of what keeps ordinary accounts out now. */
  notice: () => string | undefined;
  /** As `identify`, but whoever may not use servers now is refused. */
  guardServers(identify: Identify): Identify;
  /** Ends open connections once servers are closed to those who have them. Returns the function that ends the watch. */
  watch(connections: Pick<Connections, 'closeWhere'>): () => void;
}

/** An account in no group, and on no list. */
const stranger: Account = {
  name: '',
  uid: 0,
  gid: 0,
  home: '',
  shell: '',
  displayName: '',
  groups: [],
  admin: false,
};

/** Our close code (RFC 6455, 7.4.2) for a visitor who may not be here. */
const closeRevoked = 4403;
const lookMs = 1000;

export function createMaintenance({
  admin,
  clock,
}: {
  admin: StoreDocument<AdminData>;
  clock: Clock;
}): MaintenanceRoom {
  // Asked for every request: mostly there is none, and that must cost nothing
  let closing = readClosing(admin.data);
  admin.onChange(({ after }) => void (closing = readClosing(after)));

  function refusal(account: Account, wanted: Wanted): GatewayError | undefined {
    if (closing.length === 0) return undefined;
    const closed = closedBy(closing, { account, wanted, now: clock.now() });
    if (closed === undefined) return undefined;
    const { text, until } = closed;
    return new GatewayError('site.maintenance', {
      ...(text === '' ? {} : { message: text }),
      ...(until === null ? {} : { advice: `It ends at ${until}. Running servers and workflows go on.` }),
    });
  }

  function guard(who: Verified<Identity>): Verified<Identity> {
    const error = who.ok ? refusal(who.value.account, 'servers') : undefined;
    return error === undefined ? who : { ok: false, error, reason: 'maintenance' };
  }

  return {
    refusal,
    notice() {
      const error = refusal(stranger, 'pages');
      return error === undefined ? undefined : `${error.message} ${error.advice}`;
    },
    guardServers: (identify) => (credentials) => {
      const who = identify(credentials);
      return who instanceof Promise ? who.then(guard) : guard(who);
    },
    watch(connections) {
      const look = (): void => {
        if (closing.length === 0) return;
        connections.closeWhere(
          ({ identity }) => identity !== undefined && refusal(identity.account, 'servers') !== undefined,
          closeRevoked,
          'the site is under maintenance',
        );
      };
      const timer = setInterval(look, lookMs).unref();
      return () => clearInterval(timer);
    },
  };
}

function readClosing({ announcements }: DeepReadonly<AdminData>) {
  return Object.values(announcements).filter(({ maintenance }) => maintenance !== undefined);
}
