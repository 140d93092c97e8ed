import { z } from 'zod';
import { keyText } from '../../servers/types.ts';
import type { ServerKey } from '../../servers/types.ts';
import { empty, listAnswer, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { pagedModel } from './models.ts';
import { endsInSlash } from './register.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';
import { findServer } from './servers.ts';
import { codeBody, newShareCodeModel, presentCode, readScopes, shareCodeModel } from './shareModels.ts';
import { assertOwnAccess } from './shares.ts';
import { findUser } from './users.ts';

const tag = 'Shares';
const dayS = 86_400;
const pageQuery = z.object({ offset: z.coerce.number().int().optional(), limit: z.coerce.number().int().optional() });
const codeQuery = z.object({ code: z.string().max(200).optional(), id: z.string().max(200).optional() });
const codes = pagedModel(z.array(shareCodeModel));
const listReplies = { 200: { description: 'Without the codes themselves.', schema: codes, paged: codes } };
const ofServer = {
  path: '/share-codes/{name}/{server_name}',
  aliases: ['/share-codes/{name}/'],
  tag,
  subject: 'server',
} as const;

/** Codes to be traded for shares at `/hub/accept-share` (jupyterhub 6, `apihandlers/shares.py`). */
export function shareCodeRoutes(deps: ApiDeps): Route[] {
  const show = (call: Pick<Call, 'c' | 'page'>, match: (key: ServerKey) => boolean): Response => {
    const found = deps.shareCodes.list(match);
    const { offset, limit } = call.page;
    const page = found.slice(offset, offset + limit).map(({ record, code }) => presentCode(deps, record, code));
    return listAnswer({ ...call, page: { ...call.page, wrapped: true } }, page, found.length, deps.urls.origin);
  };
  return [
    defineRoute({
      method: 'get',
      path: '/share-codes/{name}',
      tag,
      subject: 'user',
      summary: "List share codes of a user's servers",
      needs: ['read:shares'],
      query: pageQuery,
      replies: listReplies,
      async handle(call) {
        const { name } = await findUser(deps, call);
        const ofDefault = endsInSlash(call.c);
        return show(call, (key) => key.owner === name && (!ofDefault || key.name === ''));
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'get',
      summary: 'List share codes of a server',
      needs: ['read:shares'],
      query: pageQuery,
      replies: listReplies,
      async handle(call) {
        const { key } = await findServer(deps, call);
        return show(call, (each) => keyText(each) === keyText(key));
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'post',
      summary: 'Make a share code',
      needs: ['shares'],
      body: { schema: codeBody, required: false },
      replies: {
        200: { description: 'The code, once.', schema: newShareCodeModel },
        400: { description: 'It cannot be shared so.' },
      },
      async handle(call) {
        const body = (await call.body()) ?? {};
        const { key } = await findServer(deps, call);
        const { scopes } = readScopes(key, body.scopes);
        assertOwnAccess(call, key);
        const level = body.level ?? 'read';
        const wish = { key, level, scopes, lifetimeS: body.expires_in ?? dayS };
        const { code, record } = await deps.shareCodes.make(wish);
        deps.log.info({ by: call.who.name, server: keyText(key), id: record.id, level }, 'share code made');
        const url = `${deps.urls.hub('accept-share')}?code=${encodeURIComponent(code)}`;
        const model = presentCode(deps, record, { key, level, scopes });
        return call.c.json({ ...model, code, accept_url: url, full_accept_url: deps.urls.origin + url });
      },
    }),
    defineRoute({
      ...ofServer,
      method: 'delete',
      summary: 'Revoke share codes of a server',
      description: 'One by `code` or `id`, else all. Shares that were made with them stay.',
      needs: ['shares'],
      query: codeQuery,
      replies: { 204: { description: 'They are good for nothing any more.' } },
      async handle(call) {
        const { key } = await findServer(deps, call);
        const { code, id } = call.query;
        const gone = await deps.shareCodes.revoke(
          (each, record) =>
            keyText(each) === keyText(key) &&
            (code === undefined || deps.shareCodes.isCode(record, code)) &&
            (code !== undefined || id === undefined || `sc_${record.id}` === id),
        );
        if (gone === 0 && (code !== undefined || id !== undefined)) throw notFound('No matching code found');
        return empty(call, 204);
      },
    }),
  ];
}
