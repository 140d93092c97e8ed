import { z } from 'zod';
import type { Share } from '../../access/types.ts';
import { keyText } from '../../servers/types.ts';
import type { ServerKey } from '../../servers/types.ts';
import { fromHubGroup } from '../groupNames.ts';
import { empty, forbidden, invalid, listAnswer, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { pagedModel } from './models.ts';
import { endsInSlash } from './register.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';
import { findServer } from './servers.ts';
import { grantBody, presentShare, readGrantee, readScopes, shareModel } from './shareModels.ts';
import { findUser } from './users.ts';

const tag = 'Shares';
const pageQuery = z.object({ offset: z.coerce.number().int().optional(), limit: z.coerce.number().int().optional() });
const listReplies = {
  200: {
    description: 'Oldest first.',
    schema: pagedModel(z.array(shareModel)),
    paged: pagedModel(z.array(shareModel)),
  },
};
const oneReply = { 200: { description: 'The share.', schema: shareModel } };
const ofServer = {
  path: '/shares/{name}/{server_name}',
  aliases: ['/shares/{name}/'],
  tag,
  subject: 'server',
} as const;

/** Shares of servers (jupyterhub 6, `apihandlers/shares.py`). */
export function shareRoutes(deps: ApiDeps): Route[] {
  const list = (match: (share: Share) => boolean): Share[] => deps.shares().list(match);
  const show = (call: Pick<Call, 'c' | 'page'>, shares: Share[]): Response => {
    const { offset, limit } = call.page;
    const page = shares.slice(offset, offset + limit).map((share) => presentShare(deps, share));
    // JupyterHub pages these for every caller.
    return listAnswer({ ...call, page: { ...call.page, wrapped: true } }, page, shares.length, deps.urls.origin);
  };
  return [
    defineRoute({
      method: 'get',
      path: '/shares/{name}',
      tag,
      subject: 'user',
      summary: "List shares of a user's servers",
      needs: ['read:shares'],
      query: pageQuery,
      replies: listReplies,
      async handle(call) {
        const { name } = await findUser(deps, call);
        const ofDefault = endsInSlash(call.c);
        return show(
          call,
          list((share) => share.owner === name && (!ofDefault || share.server === '')),
        );
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'get',
      summary: 'List shares of a server',
      needs: ['read:shares'],
      query: pageQuery,
      replies: listReplies,
      async handle(call) {
        const { key } = await findServer(deps, call);
        return show(call, list(isOf(key)));
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'post',
      summary: 'Share a server, or change what is shared',
      needs: ['shares'],
      body: { schema: grantBody, required: true },
      replies: {
        ...oneReply,
        400: { description: 'It cannot be shared so.' },
        409: { description: 'The owner has as many shares as an account may have.' },
      },
      async handle(call) {
        const body = await call.body();
        const grantee = readGrantee(body);
        const { key } = await findServer(deps, call);
        const { mayStart } = readScopes(key, body.scopes);
        assertOwnAccess(call, key);
        const share = await deps.shares().grant(
          {
            owner: key.owner,
            server: key.name,
            grantee,
            level: body.level ?? 'read',
            expiresAt: endOf(deps, body.expires_in),
            note: body.note ?? '',
            mayStart,
          },
          call.who.name,
        );
        return call.c.json(presentShare(deps, share));
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'patch',
      summary: 'End a share, or a part of it',
      description: 'Without `scopes` the whole share ends. Nobody or nothing shared is no error.',
      needs: ['shares'],
      body: { schema: grantBody, required: true },
      replies: {
        200: { description: 'What is left; empty for nothing.', schema: z.union([shareModel, z.object({})]) },
      },
      async handle(call) {
        const body = await call.body();
        const grantee = readGrantee(body);
        const { key } = await findServer(deps, call);
        const left = await revoke(deps, call, { key, grantee, scopes: body.scopes });
        return call.c.json(left === undefined ? {} : presentShare(deps, left));
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'delete',
      summary: 'End all shares of a server',
      needs: ['shares'],
      replies: { 204: { description: 'Nothing is shared of it.' } },
      async handle(call) {
        const { key } = await findServer(deps, call);
        await deps.shares().revoke(isOf(key), call.who.name);
        return empty(call, 204);
      },
    }),
    ...sharedWith(deps, 'user', show),
    ...sharedWith(deps, 'group', show),
  ];
}

/** What is shared with a user or a group, and giving it up. */
function sharedWith(
  deps: ApiDeps,
  kind: 'user' | 'group',
  show: (call: Pick<Call, 'c' | 'page'>, shares: Share[]) => Response,
): Route[] {
  const base = `/${kind}s/{name}/shared`;
  const one = { path: `${base}/{owner}/{server_name}`, aliases: [`${base}/{owner}/`], tag, subject: kind } as const;
  const isFor = (share: Share, name: string): boolean =>
    share.grantee.kind === kind && share.grantee.name === (kind === 'group' ? fromHubGroup(name) : name);
  /** Of a user also what is shared with their groups. */
  const reaches = (share: Share, name: string): boolean => {
    if (isFor(share, name)) return true;
    const groups = kind === 'user' ? (deps.cache.get(name)?.groups ?? []) : [];
    return share.grantee.kind === 'group' && groups.includes(share.grantee.name);
  };
  const find = (call: Pick<Call, 'param'>): Share => {
    const key = { owner: call.param('owner'), name: call.param('server_name') };
    const [share] = deps.shares().list((each) => isOf(key)(each) && isFor(each, call.param('name')));
    if (share === undefined) throw notFound('No such share.');
    return share;
  };
  return [
    defineRoute({
      method: 'get',
      path: base,
      tag,
      subject: kind,
      summary: `List what is shared with a ${kind}`,
      needs: [`read:${kind}s:shares`],
      query: pageQuery,
      replies: listReplies,
      async handle(call) {
        if (kind === 'user') await findUser(deps, call);
        else assertGroup(deps, call.param('name'));
        return show(
          call,
          deps.shares().list((share) => reaches(share, call.param('name'))),
        );
      },
    }),
    defineRoute({
      ...one,
      method: 'get',
      summary: `Read a share with a ${kind}`,
      needs: [`read:${kind}s:shares`],
      replies: oneReply,
      handle: (call) => call.c.json(presentShare(deps, find(call))),
    }),
    defineRoute({
      ...one,
      method: 'delete',
      summary: `Give up a share with a ${kind}`,
      needs: [`${kind}s:shares`],
      replies: { 204: { description: 'It has ended.' } },
      async handle(call) {
        const { id } = find(call);
        await deps.shares().revoke((share) => share.id === id, call.who.name);
        return empty(call, 204);
      },
    }),
  ];
}

/** Of the gateway's own groups we know that there is none; of others only the system or the issuer does. */
function assertGroup({ store }: Pick<ApiDeps, 'store'>, name: string): void {
  if (!name.includes(':') && !Object.hasOwn(store.admin.data.groups, name)) throw notFound('No such group.');
}

export function isOf(key: ServerKey): (share: Share) => boolean {
  return (share) => share.owner === key.owner && share.server === key.name;
}

/** Nobody gives what they do not have: an admin whom the site gives no access to servers cannot share them either. */
export function assertOwnAccess(call: Pick<Call, 'may'>, key: ServerKey): void {
  if (!call.may('access:servers', 'server', keyText(key)))
    throw forbidden(`Do not have permission to grant share with scope access:servers!server=${keyText(key)}`);
}

function endOf(deps: Pick<ApiDeps, 'clock'>, lifetimeS: number | null | undefined): string | null {
  return lifetimeS === null || lifetimeS === undefined
    ? null
    : new Date(deps.clock.now() + lifetimeS * 1000).toISOString();
}

async function revoke(
  deps: ApiDeps,
  call: Pick<Call, 'who'>,
  of: { key: ServerKey; grantee: Share['grantee']; scopes: readonly string[] | null | undefined },
): Promise<Share | undefined> {
  const { key, grantee, scopes } = of;
  const [share] = deps
    .shares()
    .list((each) => isOf(key)(each) && each.grantee.kind === grantee.kind && each.grantee.name === grantee.name);
  if (share === undefined) return undefined;
  const taken = (scopes ?? []).map((scope) => (scope.includes('!') ? scope : `${scope}!server=${keyText(key)}`));
  if (taken.some((scope) => !/^(?:access|start):servers!/.test(scope)))
    throw invalid('Only access:servers and start:servers are shared.');
  const takes = (scope: string): boolean => taken.includes(`${scope}!server=${keyText(key)}`);
  if (taken.length === 0 || takes('access:servers')) {
    await deps.shares().revoke(({ id }) => id === share.id, call.who.name);
    return undefined;
  }
  if (!takes('start:servers')) return share;
  const { owner, server, level, expiresAt, note } = share;
  return deps.shares().grant({ owner, server, grantee, level, expiresAt, note }, call.who.name);
}
