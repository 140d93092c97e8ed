import type { Account } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { AdminData } from '../store/schema.ts';
import type { StoreDocument } from '../store/types.ts';
import type { SystemUser, SystemUsers } from './systemUsers.ts';
import { createSystemUsers } from './systemUsers.ts';
import type { AccountDirectory } from './types.ts';

/** Why a name is nobody here; for the log and for `token explain`. */
export type Lookup = { ok: true; account: Account } | { ok: false; reason: string };

export interface Accounts extends AccountDirectory {
  /** As `find`, with the reason of a refusal. */
  lookup(name: string): Promise<Lookup>;
  /** The user who runs the gateway. */
  owner(): Promise<Account>;
  /** A visitor without an operating-system user, for trying out sharing. */
  guest(): Promise<Account>;
}

export interface AccountsOptions {
  admin: StoreDocument<AdminData>;
  clock: Clock;
  users?: SystemUsers;
  /** Names and groups that make an admin (`access.admins`, `access.adminGroups`). */
  admins?: readonly string[];
  adminGroups?: readonly string[];
  /** Least uid that may sign in. */
  minUid?: number;
  /** `listed`: only accounts that admin.json names may sign in (`access.accounts`). */
  accounts?: 'system' | 'listed';
  /** First run: the user who started the gateway may sign in whatever the uid (root too), and a guest exists. */
  firstRun?: boolean;
  /** What the system said is kept for so long, ms. */
  cacheMs?: number;
  /** Effective uid of the gateway; for tests. */
  ownUid?: number;
}

/** Letters, digits and `_ . -`, beginning with a letter or `_`: what useradd(8) takes, and dots and capitals. */
const plainName = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
/** nobody; systemd's dynamic users (61184 to 65519); the 16- and 32-bit ids that mean "none". */
const reserved = (uid: number): boolean => (uid >= 61_184 && uid <= 65_535) || uid >= 4_294_967_294;
const nobody = 65_534;
const cacheSize = 5000;

export function isPlainName(name: string): boolean {
  return plainName.test(name);
}

type Known = { ok: true; user: SystemUser; groups: string[] } | { ok: false; reason: string };

/** Accounts of the operating system, looked up through NSS; the canonical name and the uid are the key. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { clock, users = createSystemUsers(), cacheMs = 60_000, firstRun = false, minUid = 1000 } = options;
  const ownUid = options.ownUid ?? process.geteuid?.() ?? nobody;
  const cache = new Map<string, { untilMs: number; known: Promise<Known> }>();

  function ask(name: string): Promise<Known> {
    const hit = cache.get(name);
    if (hit !== undefined && hit.untilMs > clock.now()) return hit.known;
    const known = askSystem(name);
    if (cache.size >= cacheSize) cache.clear();
    cache.set(name, { untilMs: clock.now() + cacheMs, known });
    known.catch(() => cache.delete(name));
    return known;
  }

  async function askSystem(name: string): Promise<Known> {
    const user = await users.find(name);
    if (user === undefined) return { ok: false, reason: 'the system has no user of that name' };
    const fault = userFault(user, name);
    if (fault !== undefined) return { ok: false, reason: fault };
    const canonical = await users.find(user.uid);
    if (canonical?.name !== user.name)
      return { ok: false, reason: `uid ${user.uid} has another name in the system as well` };
    const groups = await users.groups(user.name).catch(async (error: unknown) => {
      if ((await users.find(user.name)) !== undefined) throw error;
      return undefined;
    });
    return groups === undefined
      ? { ok: false, reason: 'the user was removed from the system just now' }
      : { ok: true, user, groups };
  }

  function userFault(user: SystemUser, asked: string): string | undefined {
    if (user.name !== asked) return `the system's own spelling of that name is another`;
    if (firstRun && user.uid === ownUid) return undefined;
    if (user.uid === 0) return 'uid 0 may not sign in';
    if (user.uid < minUid) return `uid ${user.uid} is a system user's`;
    if (reserved(user.uid)) return `uid ${user.uid} is reserved`;
    return undefined;
  }

  async function lookup(name: string): Promise<Lookup> {
    if (!isPlainName(name)) return { ok: false, reason: 'not a plain user name' };
    const guestName = firstRun ? await nameOfGuest() : undefined;
    if (name === guestName) return { ok: true, account: guestAccount(name, options) };
    const known = await ask(name);
    if (!known.ok) return known;
    const isOwner = firstRun && known.user.uid === ownUid;
    const fault = isOwner ? undefined : entryFault(known.user);
    return fault === undefined
      ? { ok: true, account: toAccount(known, options, isOwner) }
      : { ok: false, reason: fault };
  }

  /** What admin.json says of the account; asked each time, since an edit acts at once. */
  function entryFault({ name, uid }: SystemUser): string | undefined {
    const entry = options.admin.data.accounts[name];
    if (entry === undefined) return options.accounts === 'listed' ? 'not among the accounts of admin.json' : undefined;
    if (entry.uid === undefined || entry.uid === uid) return undefined;
    return `admin.json says uid ${entry.uid}, and the system ${uid}: the name belongs to somebody else`;
  }

  /** `guest`, unless the system has a user of that name. */
  async function nameOfGuest(): Promise<string> {
    const known = await ask('guest');
    return !known.ok && known.reason.startsWith('the system has no user') ? 'guest' : 'gateway-guest';
  }

  async function mustFind(name: string): Promise<Account> {
    const found = await lookup(name);
    if (!found.ok) throw new Error(`account ${name}: ${found.reason}`);
    return found.account;
  }

  return {
    lookup,
    async find(name) {
      const found = await lookup(name);
      return found.ok ? found.account : undefined;
    },
    async owner() {
      const user = await users.find(ownUid);
      if (user === undefined) throw new Error(`the user database has no entry for uid ${ownUid}`);
      return mustFind(user.name);
    },
    guest: async () => mustFind(await nameOfGuest()),
  };
}

function toAccount(
  { user, groups }: Extract<Known, { ok: true }>,
  options: AccountsOptions,
  isOwner: boolean,
): Account {
  const all = [...groups.map((group) => `system:${group}`), ...localGroups(user.name, options)];
  const listed = options.admins?.includes(user.name) === true || options.admin.data.accounts[user.name]?.admin === true;
  const admin = isOwner || listed || options.adminGroups?.some((group) => all.includes(group)) === true;
  return { ...user, groups: all, admin };
}

function guestAccount(name: string, options: AccountsOptions): Account {
  return {
    name,
    uid: nobody,
    gid: nobody,
    home: '/nonexistent',
    shell: '/usr/sbin/nologin',
    displayName: 'Guest',
    groups: localGroups(name, options),
    admin: false,
    visitor: true,
  };
}

function localGroups(name: string, { admin }: AccountsOptions): string[] {
  return Object.entries(admin.data.groups).flatMap(([group, { members }]) =>
    members.includes(name) ? [`local:${group}`] : [],
  );
}
