import type { People } from '../store/judge.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Strays } from '../servers/strays.ts';
import type { Servers } from '../servers/types.ts';
import type { Store } from '../store/types.ts';

/** What the commands work on: of a running gateway, or of one that is down (then without its live parts). */
export interface ControlParts {
  store: Store<AdminData, StateData>;
  /** Undefined: nothing is said about the system's users. */
  people?: People;
  /** Accounts that the configuration makes admins (`access.admins`). */
  admins?: readonly string[];
  /** ms since 1970 */
  now: () => number;
  /** Undefined when the gateway is down. */
  servers?: Servers;
  /** Servers without a record; undefined when the gateway is down. */
  strays?: Strays;
  /** Ends the sessions of an account; undefined when the gateway is down. */
  endSessions?: (account: string) => Promise<number>;
}

/** A record as the commands show it; its key is in `key`. */
export type Shown = { key: string } & Record<string, unknown>;

/** One kind of record: how it is listed, made, changed and removed. */
export interface Resource {
  /** Fields of the table for people, in order. */
  columns: readonly string[];
  list(parts: ControlParts): Shown[];
  /** Throws `request.conflict` where there is one, `request.invalid` with all faults. */
  add(parts: ControlParts, key: string, fields: Record<string, unknown>): Promise<string>;
  /** A field that is null is removed. */
  edit(parts: ControlParts, key: string, fields: Record<string, unknown>): Promise<void>;
  remove(parts: ControlParts, key: string): Promise<void>;
}

/** What the admin page needs of the records; the same as the commands have. All throw GatewayErrors for people. */
export interface Desk {
  list(kind: string): Shown[];
  add(kind: string, key: string, fields: Record<string, unknown>): Promise<string>;
  edit(kind: string, key: string, fields: Record<string, unknown>): Promise<void>;
  remove(kind: string, key: string): Promise<void>;
}
