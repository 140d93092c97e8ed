import { GatewayError } from '../errors.ts';
import { applyChanges, collectChanges } from './draft.ts';
import { suggestionFor } from './faults.ts';
import { emptyMap, type JsonRecord } from './json.ts';
import { newMistakes, type People } from './judge.ts';
import { adminKind, recordSchema } from './kinds.ts';
import type { AdminData } from './schema.ts';
import type { StoreDocument } from './types.ts';

/**
 * A change of `admin.json` that a person asked for by command or page: checked like a hand edit, then made.
 *
 * @throws GatewayError `request.invalid`, with every fault by its path
 */
export async function changeChecked(
  admin: StoreDocument<AdminData>,
  people: People | undefined,
  change: (draft: AdminData) => void,
): Promise<void> {
  const before = admin.data as AdminData;
  const changes = collectChanges(before, change);
  const fields: Record<string, string> = {};
  for (const { map, key, after } of changes) {
    if (key === '__proto__') fields[`${map}.${key}`] = 'The name "__proto__" cannot be used.';
    const checked = after === undefined ? undefined : recordSchema(adminKind, map).safeParse(after);
    for (const issue of checked?.error?.issues ?? [])
      fields[[map, key, ...issue.path].join('.')] = `${issue.message}. ${suggestionFor(issue)}`.trim();
  }
  if (Object.keys(fields).length === 0)
    for (const { path, message, suggestion } of await newMistakes(changed(before, changes), before, people))
      fields[path] = `${message} ${suggestion}`.trim();
  const faults = Object.entries(fields);
  if (faults.length > 0)
    throw new GatewayError('request.invalid', {
      message: faults.map(([path, fault]) => `${path}: ${fault}`).join('\n'),
      advice: 'Nothing was changed. Correct what is named.',
      fields,
    });
  await admin.update(change);
}

function changed(before: AdminData, changes: ReturnType<typeof collectChanges>): AdminData {
  const after = { ...before } as unknown as JsonRecord;
  for (const map of new Set(changes.map((one) => one.map))) after[map] = Object.assign(emptyMap(), after[map]);
  applyChanges(after, changes);
  return after as unknown as AdminData;
}
