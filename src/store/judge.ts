import type { Fault } from './faults.ts';
import { sameJson } from './json.ts';
import type { DocumentKind } from './kinds.ts';
import { readDocument, type ReadResult } from './read.ts';
import { findMistakes, type Mistake, type UidOf } from './references.ts';
import type { AdminData } from './schema.ts';

/** The system's users, as far as the store must know them. */
export interface People {
  /** Name → uid of all that the system lists (directory services may list none). */
  list(): Promise<ReadonlyMap<string, number>>;
  /** Of one name; undefined if the system has none such. */
  uidOf(name: string): Promise<number | undefined>;
}

/** A save that names more strangers than this was made by a program, which may be trusted to know them. */
const mostQuestions = 200;

/**
 * Is this text good? Syntax, schema, then references; a mistake that `base` has too is not this edit's fault, and
 * keeps nobody from saving something else.
 */
export async function judge<T>(
  kind: DocumentKind<T>,
  text: string,
  base: T | undefined,
  people: People | undefined,
): Promise<ReadResult<T>> {
  const result = readDocument(kind, text);
  if (!result.ok || kind.name !== 'admin') return result;
  const mistakes = await newMistakes(result.data as AdminData, base as AdminData | undefined, people);
  const faults: Fault[] = mistakes.map(({ at, path, message, suggestion }) =>
    Object.assign(result.place(at), { path, message, suggestion }),
  );
  return faults.length === 0 ? result : { ok: false, faults };
}

/** Mistakes in what names what, apart from those that were there before. */
export async function newMistakes(
  data: AdminData,
  before: AdminData | undefined,
  people: People | undefined,
): Promise<Mistake[]> {
  const uidOf = people === undefined ? undefined : await askUids(people, namesIn(data, before));
  const known = before === undefined ? [] : findMistakes(before, uidOf).map(({ path, message }) => path + message);
  const old = new Set(known);
  return findMistakes(data, uidOf).filter(({ path, message }) => !old.has(path + message));
}

/** People that new and changed records name, and those who have no entry any more. */
function namesIn(data: AdminData, before: AdminData | undefined): Set<string> {
  const fresh = <K extends 'accounts' | 'groups' | 'shares' | 'servers'>(map: K): [string, AdminData[K][string]][] =>
    Object.entries(data[map] as Record<string, AdminData[K][string]>).filter(
      ([key, record]) => !sameJson(before?.[map][key], record),
    );
  return new Set([
    ...fresh('accounts').map(([name]) => name),
    ...Object.keys(before?.accounts ?? {}).filter((name) => data.accounts[name] === undefined),
    ...fresh('groups').flatMap(([, { members }]) => members),
    ...fresh('shares').map(([, { owner }]) => owner),
    ...fresh('shares').flatMap(([, { grantee }]) => (grantee.kind === 'user' ? grantee.name : [])),
    ...fresh('servers').map(([key]) => key.split('/')[0] ?? ''),
  ]);
}

/** Undefined where there is nothing to ask, or the system cannot answer: then nothing is said about its users. */
async function askUids(people: People, names: ReadonlySet<string>): Promise<UidOf | undefined> {
  try {
    const uids = new Map(await people.list());
    const strangers = [...names].filter((name) => !uids.has(name));
    if (strangers.length > mostQuestions) return undefined;
    for (const name of strangers) {
      const uid = await people.uidOf(name);
      if (uid !== undefined) uids.set(name, uid);
    }
    return (name) => uids.get(name);
  } catch {
    return undefined;
  }
}
