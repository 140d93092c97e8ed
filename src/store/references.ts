import type { Fault } from './faults.ts';
import { nearest } from './faults.ts';
import type { AdminData } from './schema.ts';
import type { DeepReadonly } from './types.ts';

/** A fault without its place in a text. */
export type Mistake = Omit<Fault, 'line' | 'column'> & { at: readonly string[] };

/** The uid that the system gives a name; undefined where it has no such user. */
export type UidOf = (name: string) => number | undefined;

type Report = (at: readonly string[], message: string, suggestion?: string) => void;
type Admin = DeepReadonly<AdminData>;

/**
 * What the schema cannot say: names that refer to nothing, ids that differ from their keys, two accounts of one uid.
 * Without `uidOf` nothing is said about the system's users.
 */
export function findMistakes(data: Admin, uidOf?: UidOf): Mistake[] {
  const mistakes: Mistake[] = [];
  const report: Report = (at, message, suggestion = '') =>
    void mistakes.push({ at, path: at.join('.'), message, suggestion });
  const isPerson = (name: string): boolean =>
    uidOf === undefined || data.accounts[name] !== undefined || uidOf(name) !== undefined;
  checkAccounts(data, uidOf, report);
  checkShares(data, isPerson, report);
  checkServers(data, isPerson, report);
  checkAnnouncements(data, report);
  for (const [name, { members }] of Object.entries(data.groups)) {
    if (!groupName.test(name))
      report(['groups', name], `"${name}" cannot name a group.`, 'Leave out spaces, commas, colons and slashes.');
    members.forEach((member, index) => {
      if (!isPerson(member)) unknownPerson(['groups', name, 'members', String(index)], member, data, report);
    });
  }
  for (const [name, { groups = [] }] of Object.entries(data.services)) {
    checkName(['services', name], name, report);
    checkGroups(['services', name, 'groups'], groups, data, report);
  }
  for (const [name, { visibleTo }] of Object.entries(data.profiles))
    checkGroups(['profiles', name, 'visibleTo'], visibleTo, data, report);
  return mistakes;
}

const groupName = /^[^\s:,/\p{C}]{1,64}$/u;
const plainName = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;

function checkName(at: readonly string[], name: string, report: Report): void {
  if (plainName.test(name)) return;
  report(at, `"${name}" is no plain name.`, 'Use letters, digits and _ . - only, at most 32, beginning with a letter.');
}

function checkAccounts(data: Admin, uidOf: UidOf | undefined, report: Report): void {
  const owners = new Map<number, string>();
  for (const [name, entry] of Object.entries(data.accounts)) {
    checkName(['accounts', name], name, report);
    const uid = entry.uid ?? uidOf?.(name);
    if (uid === undefined) continue;
    const other = owners.get(uid);
    owners.set(uid, other ?? name);
    if (other === undefined) continue;
    const at = entry.uid === undefined ? ['accounts', name] : ['accounts', name, 'uid'];
    report(at, `"${name}" and "${other}" both have uid ${uid}: one person would have two accounts.`, 'Remove one.');
  }
}

function checkShares(data: Admin, isPerson: (name: string) => boolean, report: Report): void {
  for (const [key, { id, owner, grantee }] of Object.entries(data.shares)) {
    const at = ['shares', key];
    if (id !== key) report([...at, 'id'], `The id "${id}" is not the key "${key}".`, 'Make them the same.');
    if (!isPerson(owner)) unknownPerson([...at, 'owner'], owner, data, report);
    if (grantee.kind === 'group') checkGroups([...at, 'grantee', 'name'], [grantee.name], data, report);
    else if (!isPerson(grantee.name)) unknownPerson([...at, 'grantee', 'name'], grantee.name, data, report);
  }
}

function checkServers(data: Admin, isPerson: (name: string) => boolean, report: Report): void {
  for (const key of Object.keys(data.servers)) {
    const [, owner = '', name] = /^([^/]+)\/([^/]*)$/.exec(key) ?? [];
    if (name === undefined)
      report(['servers', key], `"${key}" names no server.`, 'Write "alice/" or, for a named one, "alice/nowcast".');
    else if (!isPerson(owner)) unknownPerson(['servers', key], owner, data, report);
  }
}

function checkAnnouncements(data: Admin, report: Report): void {
  for (const [key, { id, from, until }] of Object.entries(data.announcements)) {
    if (id !== key)
      report(['announcements', key, 'id'], `The id "${id}" is not the key "${key}".`, 'Make them the same.');
    if (from !== null && until !== null && Date.parse(until) <= Date.parse(from))
      report(['announcements', key, 'until'], 'It ends before it begins.', 'Correct "from" or "until".');
  }
}

/** Groups of the system and of claims are known elsewhere; those of this file must be in it. */
function checkGroups(at: readonly string[], names: readonly string[], data: Admin, report: Report): void {
  const known = Object.keys(data.groups);
  names.forEach((name, index) => {
    const place = at.at(-1) === 'name' ? at : [...at, String(index)];
    const local = name.startsWith('local:') ? name.slice('local:'.length) : undefined;
    if (local !== undefined && !known.includes(local))
      report(place, `There is no group "${local}" in "groups".`, didYouMean(local, known, 'local:'));
  });
}

function unknownPerson(at: readonly string[], name: string, data: Admin, report: Report): void {
  const suggestion = didYouMean(name, Object.keys(data.accounts), '');
  report(at, `"${name}" is neither in "accounts" nor a user of this system.`, suggestion);
}

function didYouMean(name: string, known: readonly string[], prefix: string): string {
  const near = nearest(name, known);
  return near === undefined ? 'Correct the name, or add it first.' : `Did you mean "${prefix}${near}"?`;
}
