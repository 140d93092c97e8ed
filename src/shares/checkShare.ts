import { GatewayError } from '../errors.ts';
import type { AccountDirectory } from '../identity/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { DeepReadonly } from '../store/types.ts';
import type { ShareRequest } from './types.ts';

export interface CheckParts {
  accounts: AccountDirectory;
  groups: DeepReadonly<AdminData['groups']>;
  /** ms since 1970. */
  now: number;
}

const maxNote = 500;
const groupName = /^(?:(system|local|claim):)?([^\s:,/\p{C}]{1,64})$/u;

/** The request with the group's full name; throws `request.invalid` that names every fault by its field. */
export async function checkShare(request: ShareRequest, parts: CheckParts): Promise<ShareRequest> {
  const fields: Record<string, string> = {};
  const grantee = await checkGrantee(request, parts);
  if (typeof grantee === 'string') fields['grantee'] = grantee;
  const note = request.note.trim();
  if (note.length > maxNote) fields['note'] = `is longer than ${maxNote} characters`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused here
  if (/[\u0000-\u001F\u007F]/.test(note)) fields['note'] = 'has control characters';
  if (request.expiresAt !== null && !(Date.parse(request.expiresAt) > parts.now))
    fields['expires'] = 'is no time in the future';
  const faults = Object.entries(fields);
  if (typeof grantee !== 'string' && faults.length === 0) return { ...request, grantee, note };
  throw new GatewayError('request.invalid', {
    message: `This cannot be shared so: ${faults.map(([field, fault]) => `${field} ${fault}`).join('; ')}.`,
    advice: 'Correct what is named.',
    fields,
  });
}

/** Whom it is for, or what is wrong with that. */
async function checkGrantee(
  { grantee, owner }: ShareRequest,
  parts: CheckParts,
): Promise<ShareRequest['grantee'] | string> {
  if (grantee.kind === 'group') return checkGroup(grantee.name, parts.groups);
  if (grantee.name === owner) return 'is the owner of the server';
  return (await parts.accounts.find(grantee.name)) === undefined ? 'is no account of this system' : grantee;
}

/** Without an origin it is a group of the gateway's own where there is one of that name, else one of the system. */
function checkGroup(name: string, groups: CheckParts['groups']): ShareRequest['grantee'] | string {
  const match = groupName.exec(name);
  if (match === null) return 'is no name of a group';
  const [, origin = Object.hasOwn(groups, name) ? 'local' : 'system', plain = ''] = match;
  if (origin === 'local' && !Object.hasOwn(groups, plain)) return 'is no group of this gateway';
  return { kind: 'group', name: `${origin}:${plain}` };
}
