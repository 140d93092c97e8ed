import { z } from 'zod';
import type { Share } from '../../access/types.ts';
import { keyText } from '../../servers/types.ts';
import type { ServerKey } from '../../servers/types.ts';
import { fromHubGroup, toHubGroup } from '../groupNames.ts';
import type { Token } from '../tokens/createTokens.ts';
import { invalid } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { isReady, neverStarted } from './present.ts';

/** JupyterHub's shapes of shares and share codes, with our own fields beside theirs. */

const time = z.iso.datetime();
const named = z.object({ name: z.string() });
const server = z.object({
  user: named,
  name: z.string(),
  url: z.string(),
  full_url: z.string(),
  ready: z.boolean(),
});
const level = z.enum(['read', 'control']).meta({ description: "Cylc's READ, or READ and CONTROL." });

export const shareModel = z
  .object({
    server,
    scopes: z.array(z.string()),
    user: named.nullable(),
    group: named.nullable(),
    kind: z.enum(['user', 'group']),
    created_at: time,
    level,
    expires_at: time.nullable(),
    note: z.string(),
  })
  .meta({ id: 'Share' });

const codeFields = {
  server,
  scopes: z.array(z.string()),
  id: z.string(),
  created_at: time,
  expires_at: time.nullable(),
  exchange_count: z.number().int(),
  last_exchanged_at: time.nullable(),
  level,
};
export const shareCodeModel = z.object(codeFields).meta({ id: 'ShareCode' });
export const newShareCodeModel = z
  .object({ ...codeFields, code: z.string(), accept_url: z.string(), full_accept_url: z.string() })
  .meta({ id: 'NewShareCode', description: 'The code is shown here and never again.' });

const scopes = z.array(z.string().max(500)).max(20).nullable().optional().meta({
  description: 'Default: `access:servers` of this server. With `start:servers` the server may be started as well.',
});

export const grantBody = z.strictObject({
  user: z.string().min(1).max(200).nullable().optional(),
  group: z.string().min(1).max(200).nullable().optional(),
  scopes,
  level: level.optional(),
  expires_in: z.number().int().min(60).max(315_360_000).nullable().optional().meta({ description: 'Seconds.' }),
  note: z.string().max(500).optional(),
});
export const codeBody = z.strictObject({
  scopes,
  level: level.optional(),
  expires_in: z.number().int().min(60).max(31_536_000).optional().meta({ description: 'Seconds; default a day.' }),
});

export interface Given {
  mayStart: boolean;
  scopes: string[];
}

/** What scopes of a request come to. A share gives access, and perhaps the start; nothing else can be shared. */
export function readScopes(key: ServerKey, asked: readonly string[] | null | undefined): Given {
  const of = (scope: string): string => `${scope}!server=${keyText(key)}`;
  const given = asked === null || asked === undefined || asked.length === 0 ? [of('access:servers')] : asked;
  const plain = new Set(given.map((scope) => (scope.includes('!') ? scope : of(scope))));
  const known = new Set([of('access:servers'), of('start:servers')]);
  const other = [...plain].find((scope) => !known.has(scope));
  if (other !== undefined) throw invalid(`Only access:servers and start:servers of ${keyText(key)} can be shared.`);
  if (!plain.has(of('access:servers'))) throw invalid('Who may start a server may open it: access:servers is missing.');
  return { mayStart: plain.has(of('start:servers')), scopes: [...plain].sort() };
}

export function readGrantee(body: z.infer<typeof grantBody>): Share['grantee'] {
  const { user, group } = body;
  if ((user ?? null) === null && (group ?? null) === null) throw invalid('Specify exactly one of `user` or `group`.');
  if (user && group) throw invalid('Expected exactly one of `user` or `group`, not both.');
  return user ? { kind: 'user', name: user } : { kind: 'group', name: fromHubGroup(group ?? '') };
}

function presentShared(deps: Pick<ApiDeps, 'servers' | 'urls'>, key: ServerKey): z.infer<typeof server> {
  const view = deps.servers().get(key) ?? neverStarted(deps, key);
  const url = view.prefix;
  return { user: { name: key.owner }, name: key.name, url, full_url: deps.urls.origin + url, ready: isReady(view) };
}

export function presentShare(deps: Pick<ApiDeps, 'servers' | 'urls'>, share: Share): z.infer<typeof shareModel> {
  const { owner, server: name, grantee, level: shared, expiresAt, note, createdAt } = share;
  const access = readScopes({ owner, name }, null).scopes;
  const start = share.mayStart === true ? [`start:servers!server=${owner}/${name}`] : [];
  const whom = { name: grantee.kind === 'group' ? toHubGroup(grantee.name) : grantee.name };
  return {
    server: presentShared(deps, { owner, name }),
    scopes: [...access, ...start],
    user: grantee.kind === 'user' ? whom : null,
    group: grantee.kind === 'group' ? whom : null,
    kind: grantee.kind,
    created_at: createdAt,
    level: shared,
    expires_at: expiresAt,
    note,
  };
}

export function presentCode(
  deps: Pick<ApiDeps, 'servers' | 'urls'>,
  record: Token,
  code: { key: ServerKey; level: Share['level']; scopes: readonly string[] },
): z.infer<typeof shareCodeModel> {
  return {
    server: presentShared(deps, code.key),
    scopes: [...code.scopes],
    id: `sc_${record.id}`,
    created_at: record.createdAt,
    expires_at: record.expiresAt,
    exchange_count: record.uses ?? 0,
    last_exchanged_at: record.lastUsedAt,
    level: code.level,
  };
}
