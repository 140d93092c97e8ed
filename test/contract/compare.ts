/** What is compared of two answers: status, the shape of the JSON, and values that must not differ. */
export interface Answer {
  status: number;
  body: unknown;
}

/** Values of these keys must be the same; of all others only the kind. */
const sameValue = new Set([
  'name',
  'kind',
  'admin',
  'groups',
  'users',
  'ready',
  'stopped',
  'pending',
  'display_name',
  'full_name',
  'url',
  'full_url',
  'progress_url',
  'full_progress_url',
  'server',
  'user_options',
  'properties',
  'total',
  'offset',
  'limit',
  'note',
  'roles',
  'progress',
  'failed',
]);

/** Fields that may be null on one side alone: whether there is a value depends on what happened when. */
const nullable = new Set(['last_activity', 'created', 'started', 'expires_at', 'user_info', 'state', 'pid']);

/** Differences, as `<place>: <what>`, where a place is like `$.items[].servers.one.ready`. */
export function differences(theirs: Answer, ours: Answer): string[] {
  if (theirs.status !== ours.status) return [`status: ${theirs.status} there, ${ours.status} here`];
  if (theirs.status >= 400) return compare('$', errorShape(theirs.body), errorShape(ours.body));
  return compare('$', theirs.body, ours.body);
}

/** Of an error the words may differ, and we add to it. */
function errorShape(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { status, message, error } = body as Record<string, unknown>;
  return { status, message: typeof message, error };
}

function compare(place: string, theirs: unknown, ours: unknown): string[] {
  if (place.endsWith('.next.url')) return comparePaths(place, String(theirs), String(ours));
  const key = /([\w-]+)(?:\[\])?$/.exec(place)?.[1] ?? '';
  if (sameValue.has(key)) {
    const same = JSON.stringify(sorted(theirs)) === JSON.stringify(sorted(ours));
    return same ? [] : [`${place}: ${JSON.stringify(theirs)} there, ${JSON.stringify(ours)} here`];
  }
  if (nullable.has(key) && (theirs === null || ours === null)) return [];
  if (kindOf(theirs) !== kindOf(ours)) return [`${place}: ${kindOf(theirs)} there, ${kindOf(ours)} here`];
  if (Array.isArray(theirs) && Array.isArray(ours)) return compareLists(place, theirs, ours);
  if (kindOf(theirs) === 'object') return compareObjects(place, theirs as object, ours as object);
  return [];
}

/** Each side names itself as the host. */
function comparePaths(place: string, theirs: string, ours: string): string[] {
  const path = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '');
  return path(theirs) === path(ours) ? [] : [`${place}: ${theirs} there, ${ours} here`];
}

function compareLists(place: string, theirs: readonly unknown[], ours: readonly unknown[]): string[] {
  if (place.endsWith('.scopes')) return [];
  if (theirs.length !== ours.length) return [`${place}: ${theirs.length} items there, ${ours.length} here`];
  return theirs.flatMap((item, index) => compare(`${place}[]`, item, ours[index]));
}

function compareObjects(place: string, theirs: object, ours: object): string[] {
  const [there, here] = [theirs, ours] as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])].sort();
  return keys.flatMap((key) => {
    if (!Object.hasOwn(here, key)) return [`${place}.${key}: missing here`];
    if (!Object.hasOwn(there, key)) return [`${place}.${key}: only here`];
    return compare(`${place}.${key}`, there[key], here[key]);
  });
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

/** The order of members and of groups says nothing. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map(String).sort() : value;
}
