import type { Account } from '../../access/types.ts';
import { keyText } from '../../servers/types.ts';
import type { ServerFailure, ServerKey, ServerView } from '../../servers/types.ts';
import { toHubGroup } from '../groupNames.ts';
import type { FilterKind } from '../scopes/scopeSet.ts';
import type { Token } from '../tokens/createTokens.ts';
import type { HubService } from '../types.ts';
import type { ApiDeps } from './deps.ts';
import type { KnownUser } from './directory.ts';
import type { ServerModel, TokenModel, UserModel } from './models.ts';

/** Makes the models that callers see, each with the fields that their scopes cover and no other. */

type May = (scope: string, kind: FilterKind, name: string) => boolean;

export function isActive({ phase }: Pick<ServerView, 'phase'>): boolean {
  return phase !== 'stopped' && phase !== 'failed';
}

export function pendingOf({ phase }: Pick<ServerView, 'phase'>): 'spawn' | 'stop' | null {
  if (phase === 'queued' || phase === 'starting') return 'spawn';
  return phase === 'stopping' ? 'stop' : null;
}

export function isReady({ phase }: Pick<ServerView, 'phase'>): boolean {
  return phase === 'ready' || phase === 'unknown';
}

export function presentServer(deps: Pick<ApiDeps, 'urls'>, view: ServerView, may: May): ServerModel {
  const { urls } = deps;
  const { owner, name, prefix } = view;
  const part = name === '' ? 'server' : `servers/${encodeURIComponent(name)}`;
  const progress = urls.hub(`api/users/${encodeURIComponent(owner)}/${part}/progress`);
  const model: ServerModel = {
    name,
    display_name: view.displayName,
    full_name: keyText(view),
    last_activity: view.lastActivityAt,
    started: isActive(view) ? view.startedAt : null,
    pending: pendingOf(view),
    ready: isReady(view),
    stopped: !isActive(view),
    url: prefix,
    user_options: view.options,
    progress_url: progress,
    full_url: (urls.userOrigin(view.owner) ?? urls.origin) + prefix,
    full_progress_url: urls.origin + progress,
  };
  if (may('admin:server_state', 'server', keyText(view))) model.state = isActive(view) ? { pid: view.pid } : null;
  if (view.failure !== null && may('start:servers', 'server', keyText(view))) model.failure = toFailure(view.failure);
  return model;
}

function toFailure({ exitCode, logTail, reason, code, signal, command, at }: ServerFailure): ServerModel['failure'] {
  return { reason, code, exit_code: exitCode, signal, command, log_tail: logTail, at };
}

/** The default server of a user who has not started it yet: every user has one. */
export function neverStarted({ urls }: Pick<ApiDeps, 'urls'>, key: ServerKey): ServerView {
  const prefix = urls.prefix(key);
  const never = { startedBy: null, startedAt: null, lastActivityAt: null, pid: null, upstream: null, failure: null };
  const nothing = { phase: 'stopped', displayName: '', profile: 'default', options: {}, program: '' } as const;
  return { ...key, ...nothing, ...never, prefix, url: prefix };
}

/** Field names by the scope that shows them (jupyterhub 6, `apihandlers/base.py`). */
const userAccess: Readonly<Record<string, readonly (keyof UserModel)[]>> = {
  'read:users': ['user_info', 'admin', 'roles', 'groups', 'server', 'pending', 'created', 'last_activity'],
  'read:users:name': ['user_info', 'admin'],
  'read:users:groups': ['groups'],
  'read:users:activity': ['last_activity'],
  'read:servers': ['servers'],
  'read:roles:users': ['roles', 'admin'],
  'admin:auth_state': ['auth_state'],
};

export interface UserParts {
  user: KnownUser;
  /** Undefined for somebody who has no account on the system any more. */
  account: Account | undefined;
  servers: readonly ServerView[];
  includeStopped: boolean;
}

/** Undefined where the caller may see nothing of that user. */
export function presentUser(deps: Pick<ApiDeps, 'urls'>, parts: UserParts, may: May): UserModel | undefined {
  const { name } = parts.user;
  const granted = Object.keys(userAccess).filter((scope) => may(scope, 'user', name));
  const shown = parts.servers.filter(
    (view) => (parts.includeStopped || isActive(view)) && may('read:servers', 'server', keyText(view)),
  );
  if (granted.length === 0 && shown.length === 0) return undefined;
  const fields = new Set(granted.flatMap((scope) => userAccess[scope] ?? []));
  const all = userFields(parts);
  const model: UserModel = { kind: 'user', name };
  for (const field of fields) if (field in all) Object.assign(model, { [field]: all[field] });
  if (fields.has('servers') || shown.length > 0)
    model.servers = Object.fromEntries(shown.map((view) => [view.name, presentServer(deps, view, may)]));
  return model;
}

function userFields({ user, account, servers }: UserParts): Partial<UserModel> {
  const main = servers.find((view) => view.name === '');
  const admin = account?.admin === true;
  return {
    admin,
    roles: admin ? ['user', 'admin'] : ['user'],
    groups: (account?.groups ?? []).map(toHubGroup),
    server: main !== undefined && isReady(main) ? main.prefix : null,
    pending: main === undefined ? null : pendingOf(main),
    created: user.createdAt,
    last_activity: user.lastActivityAt,
    auth_state: null,
    user_info: account === undefined ? null : { display_name: account.displayName },
  };
}

const serviceAccess: Readonly<Record<string, readonly (keyof HubService | 'roles')[]>> = {
  'read:services': ['admin', 'url', 'prefix', 'command', 'pid', 'info', 'display'],
  'read:services:name': ['admin'],
  'read:roles:services': ['roles', 'admin'],
};

export function presentService(service: HubService, may: May): Record<string, unknown> {
  const granted = Object.keys(serviceAccess).filter((scope) => may(scope, 'service', service.name));
  const all = { ...service, roles: [] };
  const fields = granted.flatMap((scope) => (serviceAccess[scope] ?? []).map((field) => [field, all[field]]));
  return { kind: 'service', name: service.name, ...(Object.fromEntries(fields) as object) };
}

export function presentToken(deps: Pick<ApiDeps, 'principals'>, record: Token): TokenModel {
  return {
    user: record.owner,
    id: record.id,
    kind: 'api_token',
    roles: [],
    scopes: deps.principals.scopesOf(record),
    created: record.createdAt,
    last_activity: record.lastUsedAt,
    expires_at: record.expiresAt,
    note: record.note,
    session_id: record.sessionId,
    oauth_client: record.clientId ?? 'JupyterHub',
  };
}
