import type { Command } from 'commander';
import { SetupError } from '../errors.ts';

/** How one kind of record looks on the command line. */
export interface RecordKind {
  name: string;
  description: string;
  /** What names a record, in the help. */
  key: string;
  /** The gateway chooses the key of a new one. */
  newKey?: '';
  toKey(text: string): string;
  flags(command: Command, what: 'add' | 'edit'): Command;
  /** What the flags say, by the fields of the record; null takes a field away. */
  fields(options: Record<string, unknown>): Record<string, unknown>;
}

const asIs = (text: string): string => text;
/** `alice` is her default server. */
const serverKey = (text: string): string => (text.includes('/') ? text : `${text}/`);
const several = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

export const recordKinds: readonly RecordKind[] = [
  {
    name: 'users',
    description: 'accounts: admins, blocked ones, notes',
    key: 'name',
    toKey: asIs,
    flags: (command) =>
      command
        .option('--admin', 'an admin of this gateway')
        .option('--no-admin', 'no admin')
        .option('--blocked', 'may not sign in; is signed out at once')
        .option('--no-blocked', 'may sign in again')
        .option('--uid <number>', 'refuse the account when the system gives the name another uid; none: take that away')
        .option('--note <text>', 'for other admins'),
    fields: (options) => ({
      ...pick(options, ['admin', 'blocked', 'note']),
      ...(typeof options['uid'] === 'string' ? { uid: uid(options['uid']) } : {}),
    }),
  },
  {
    name: 'groups',
    description: 'groups of this gateway (local:NAME in shares and rules)',
    key: 'name',
    toKey: asIs,
    flags: (command) =>
      command
        .option('--member <user>', 'add a member; may be repeated', several)
        .option('--not-member <user>', 'take a member out; may be repeated', several),
    fields: (options) => rename(options, { member: 'members+', notMember: 'members-' }),
  },
  {
    name: 'shares',
    description: 'who may open whose server',
    key: 'id',
    newKey: '',
    toKey: asIs,
    flags: (command, what) => {
      if (what === 'add')
        command
          .requiredOption('--server <owner/name>', 'whose server; alice/ or alice is the default one')
          .requiredOption('--to <grantee>', 'user:NAME, or group:local:NAME, group:system:NAME');
      return command
        .option('--level <level>', 'read or control')
        .option('--expires <time>', 'ISO 8601, UTC: 2026-12-24T18:00:00Z; never: no end')
        .option('--note <text>', 'shown to both');
    },
    fields: (options) => ({
      ...shareTarget(options),
      ...pick(options, ['level', 'note']),
      ...time(options, 'expires', 'expiresAt'),
    }),
  },
  {
    name: 'servers',
    description: 'the UI servers of this gateway',
    key: 'owner/name',
    toKey: serverKey,
    flags: (command) => command.option('--desired <state>', 'up, down, or none'),
    fields: (options) => ({ desired: options['desired'] === 'none' ? null : (options['desired'] ?? 'up') }),
  },
  {
    name: 'announcements',
    description: 'messages shown to all users on the pages',
    key: 'id',
    newKey: '',
    toKey: asIs,
    flags: (command) =>
      command
        .option('--text <text>', 'what it says')
        .option('--level <level>', 'info, warning or danger')
        .option('--from <time>', 'ISO 8601, UTC; never: at once')
        .option('--until <time>', 'ISO 8601, UTC; never: no end'),
    fields: (options) => ({
      ...pick(options, ['text', 'level']),
      ...time(options, 'from', 'from'),
      ...time(options, 'until', 'until'),
    }),
  },
  {
    name: 'services',
    description: 'web applications that run already, under /services/NAME/',
    key: 'name',
    toKey: asIs,
    flags: (command) =>
      command
        .option('--at <upstream>', 'HOST:PORT, or the path of a unix socket')
        .option('--title <text>', 'what it is called')
        .option('--group <group>', 'only for this group (local:NAME, system:NAME); may be repeated', several)
        .option('--not-group <group>', 'not for this group any more; may be repeated', several),
    fields: (options) => ({
      ...(typeof options['at'] === 'string' ? { upstream: upstream(options['at']) } : {}),
      ...pick(options, ['title']),
      ...rename(options, { group: 'groups+', notGroup: 'groups-' }),
    }),
  },
  {
    name: 'profiles',
    description: 'who sees which kind of server; one that is not listed is for everyone',
    key: 'name',
    toKey: asIs,
    flags: (command) =>
      command
        .option('--visible-to <who>', 'an account or group (local:NAME, system:NAME); may be repeated', several)
        .option('--not-visible-to <who>', 'not to this one any more; may be repeated', several),
    fields: (options) => rename(options, { visibleTo: 'visibleTo+', notVisibleTo: 'visibleTo-' }),
  },
];

function pick(options: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

function rename(options: Record<string, unknown>, names: Record<string, string>): Record<string, unknown> {
  const given = Object.entries(names).filter(([name]) => options[name] !== undefined);
  return Object.fromEntries(given.map(([name, field]) => [field, options[name]]));
}

function time(options: Record<string, unknown>, name: string, field: string): Record<string, unknown> {
  const value = options[name];
  return value === undefined ? {} : { [field]: value === 'never' ? null : value };
}

function shareTarget({ server, to }: Record<string, unknown>): Record<string, unknown> {
  if (typeof server !== 'string' || typeof to !== 'string') return {};
  const [owner = '', name = ''] = server.split('/');
  const [, kind, grantee] = /^(user|group):(.+)$/.exec(to) ?? [];
  if (kind === undefined)
    throw new SetupError(`--to ${to} names neither a user nor a group.`, {
      advice: 'Write --to user:bob, --to group:local:ops or --to group:system:wheel.',
      exitCode: 64,
    });
  return { owner, server: name, grantee: { kind, name: grantee } };
}

/** What is no number must not take away the number that is there. */
function uid(text: string): number | null {
  if (text === 'none') return null;
  if (/^\d+$/.test(text)) return Number(text);
  throw new SetupError(`--uid ${text} is no number.`, { advice: 'Write --uid 1234, or --uid none.', exitCode: 64 });
}

function upstream(text: string): Record<string, unknown> {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(text) ?? [];
  if (host !== undefined) return { kind: 'tcp', host, port: Number(port) };
  throw new SetupError(`--at ${text} is no address.`, { advice: 'Write HOST:PORT or /path/of.sock.', exitCode: 64 });
}
