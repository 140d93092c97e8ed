import type { Target } from '../../access/types.ts';
import { keyText } from '../../servers/types.ts';
import type { GatewayEvents } from '../events.ts';
import type { AuditRecord, AuditWhat } from './record.ts';

/** What an event adds to the record of its time, asker and place. */
export type Facts = Pick<AuditRecord, 'what'> & Partial<AuditRecord>;

export function ofRefusal(event: GatewayEvents['refused']): Facts | undefined {
  const { status, code, reason, account, target, method, path, upgrade, requestId, from } = event;
  const isDenial = [401, 403, 429].includes(status) || event.hidden === true || code === 'site.maintenance';
  if (!isDenial) return undefined;
  const address = path === '' ? 'an address that could not be read' : `${upgrade ? 'upgrade' : method} ${path}`;
  return {
    what: 'denied',
    result: 'denied',
    code,
    reason: reason ?? null,
    ...(account === undefined ? {} : { who: account }),
    ...(from === undefined ? {} : { from, requestId: requestId ?? null, way: 'server' as const }),
    ...(target === undefined ? { target: address } : { ...ofTarget(target), detail: { address } }),
  };
}

export function ofSignIn(event: GatewayEvents['signIn']): Facts {
  const { method, account } = event;
  const about = { owner: account ?? null, detail: { method } };
  if (event.ok) return { what: 'sign-in', who: event.account, ...about };
  // Nobody knows who tried: the name is only what they typed.
  const target = account === undefined ? null : `account ${account}`;
  return { what: 'sign-in', result: 'denied', target, code: event.code, reason: event.reason ?? null, ...about };
}

export function ofVisit({ account, target, level, reason, requestId, from }: GatewayEvents['visit']): Facts {
  const detail = { level };
  return {
    what: 'visit',
    who: account,
    as: target.owner,
    ...ofTarget(target),
    way: 'server',
    reason,
    requestId,
    from,
    detail,
  };
}

export function ofServer(event: GatewayEvents['server']): Facts | undefined {
  const { key, act, startedBy, profile, spawner, tookS, code, reason } = event;
  const target = { target: `server ${keyText(key)}`, owner: key.owner };
  const other = startedBy !== null && startedBy !== key.owner;
  const start = { ...target, who: startedBy, ...(other ? { as: key.owner } : {}) };
  if (act === 'start') return { what: 'server.start', ...start, detail: { profile, spawner } };
  if (act === 'ready') return { what: 'server.ready', ...start, detail: { tookS } };
  if (act === 'failed')
    return { what: 'server.failed', result: 'failed', ...start, code: code ?? null, reason: reason ?? null };
  return act === 'forget' ? { what: 'server.removed', ...target } : undefined;
}

export function ofStop({ key, by, force, cancels }: GatewayEvents['stopAsked']): Facts {
  return {
    what: cancels ? 'server.cancel' : 'server.stop',
    who: by,
    ...(by === key.owner ? {} : { as: key.owner }),
    target: `server ${keyText(key)}`,
    owner: key.owner,
    ...(force ? { detail: { force } } : {}),
  };
}

export function ofToken({ act, id, kind, owner, scopes, expiresAt }: GatewayEvents['token']): Facts | undefined {
  if (act === 'expired') return undefined;
  return { what: `token.${act}`, target: `token ${id}`, owner, detail: { kind, scopes, expiresAt } };
}

export function ofSessionEnd({ account, why }: GatewayEvents['sessionEnd'], who: string | null): Facts | undefined {
  if (why === 'expired') return undefined;
  const asker = who ?? (why === 'logout' ? account : null);
  return { what: 'sign-out', who: asker, target: `account ${account}`, owner: account, reason: why };
}

const names: Readonly<Record<string, 'account' | 'group' | 'announcement' | 'service' | 'profile' | 'wish'>> = {
  accounts: 'account',
  groups: 'group',
  announcements: 'announcement',
  services: 'service',
  profiles: 'profile',
  servers: 'wish',
};

/** Fields of the owner's or admin's own words, which are nobody else's business. */
const unsaid = new Set(['note', 'createdAt', 'id']);

export function ofRecord({ map, key, act, before, after, byHand }: GatewayEvents['record']): Facts | undefined {
  const way = byHand ? { way: 'hand edit' as const, from: null, requestId: null, who: null } : {};
  if (map === 'shares') return { ...ofShare(act, before, after), ...way };
  const name = names[map];
  if (name === undefined) return undefined;
  const detail = changesOf(before, after);
  const isBlock = map === 'accounts' && before?.['blocked'] !== true && after?.['blocked'] === true;
  const what: AuditWhat = isBlock ? 'account.blocked' : `${name}.${act}`;
  const owner = map === 'accounts' ? key : map === 'servers' ? (key.split('/')[0] ?? null) : null;
  return { what, target: `${name} ${key}`, owner, detail, ...way };
}

function ofShare(act: 'made' | 'changed' | 'removed', before: Fields, after: Fields): Facts {
  const share = after ?? before ?? {};
  const [owner, name] = [String(share['owner']), String(share['server'])];
  const { grantee, level, expiresAt, mayStart, id } = share;
  return {
    what: act === 'removed' ? 'share.revoked' : `share.${act}`,
    target: `server ${keyText({ owner, name })}`,
    owner,
    detail: { id, grantee, level, expiresAt, ...(mayStart === undefined ? {} : { mayStart }) },
  };
}

type Fields = Readonly<Record<string, unknown>> | undefined;

/** Fields that differ, with what they are now. */
function changesOf(before: Fields = {}, after: Fields = {}): Record<string, unknown> {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = fields.filter(
    (name) => !unsaid.has(name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]));
}

function ofTarget(target: Target): Pick<AuditRecord, 'target' | 'owner'> {
  return target.kind === 'server'
    ? { target: `server ${keyText(target)}`, owner: target.owner }
    : { target: `service ${target.name}`, owner: null };
}
