import { GatewayError } from '../errors.ts';
import { changeChecked } from '../store/checkedChange.ts';
import type { AdminData } from '../store/schema.ts';
import type { ControlParts, Resource } from './types.ts';

type MapName = 'accounts' | 'groups' | 'shares' | 'announcements' | 'services' | 'profiles' | 'servers';

/** Records of one map of `admin.json`. */
export function mapResource(
  map: MapName,
  more: {
    columns: readonly string[];
    /** A new record from what was asked for. */
    make: (parts: ControlParts, key: string, fields: Record<string, unknown>) => Record<string, unknown>;
    /** Chooses a key where none was given. */
    newKey?: () => string;
    /** What else goes with the record. */
    onRemove?: (draft: AdminData, key: string) => void;
    show?: (parts: ControlParts, key: string, record: Record<string, unknown>) => Record<string, unknown>;
  },
): Resource {
  const records = (data: unknown): Record<string, Record<string, unknown>> =>
    (data as Record<MapName, Record<string, Record<string, unknown>>>)[map];
  const mustHave = ({ store }: ControlParts, key: string): void => {
    if (!Object.hasOwn(records(store.admin.data), key)) throw notThere(map, key);
  };
  const { show = (_, __, record) => record } = more;
  return {
    columns: more.columns,
    list: (parts) =>
      Object.entries(records(parts.store.admin.data)).map(([key, record]) =>
        Object.assign({ key }, show(parts, key, record)),
      ),
    async add(parts, asked, fields) {
      const key = asked === '' ? (more.newKey?.() ?? '') : asked;
      if (Object.hasOwn(records(parts.store.admin.data), key))
        throw new GatewayError('request.conflict', { message: `"${key}" is there already.` });
      const record = withChanges(more.make(parts, key, fields), fields);
      await changeChecked(parts.store.admin, parts.people, (draft) => void (records(draft)[key] = record));
      return key;
    },
    async edit(parts, key, fields) {
      mustHave(parts, key);
      await changeChecked(parts.store.admin, parts.people, (draft) => {
        records(draft)[key] = withChanges({ ...records(draft)[key] }, fields);
      });
    },
    async remove(parts, key) {
      mustHave(parts, key);
      await changeChecked(parts.store.admin, parts.people, (draft) => {
        delete records(draft)[key];
        more.onRemove?.(draft, key);
      });
    },
  };
}

export function notThere(kind: string, key: string): GatewayError {
  return new GatewayError('request.not-found', {
    message: `There is no "${key}" in ${kind}.`,
    advice: 'List them to see what there is.',
  });
}

/** Times for which null means "no end", not "not there". */
const endless = new Set(['expiresAt', 'from', 'until']);

/** `members+` and `members-` add to a list and take from it; null takes a field away. */
function withChanges(record: Record<string, unknown>, fields: Record<string, unknown>): Record<string, unknown> {
  const changed = { ...record };
  for (const [name, value] of Object.entries(fields)) {
    const list = name.slice(0, -1);
    const now = Array.isArray(changed[list]) ? (changed[list] as unknown[]) : [];
    const values = Array.isArray(value) ? (value as unknown[]) : [];
    if (name.endsWith('+')) changed[list] = [...new Set([...now, ...values])];
    else if (name.endsWith('-')) changed[list] = now.filter((one) => !values.includes(one));
    else if (value === null && !endless.has(name)) delete changed[name];
    else changed[name] = value;
  }
  return changed;
}
