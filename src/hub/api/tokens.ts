import { z } from 'zod';
import type { Token } from '../tokens/createTokens.ts';
import { issueUserToken } from '../tokens/issueUserToken.ts';
import { empty, forbidden, invalid, notFound } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { newTokenModel, tokenModel } from './models.ts';
import { presentToken } from './present.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';
import { findUser } from './users.ts';

const newToken = z.object({
  note: z.string().max(500).nullable().optional(),
  expires_in: z.number().int().min(1).max(3_153_600_000).nullable().optional().meta({
    description: 'Lifetime in seconds; without one the token has no end, or the longest that the site allows.',
  }),
  scopes: z
    .array(z.string().max(500))
    .max(200)
    .nullable()
    .optional()
    .meta({ description: 'Default `["inherit"]`: all that its owner may.' }),
  roles: z.array(z.string()).nullable().optional().meta({ description: 'Of JupyterHub 1; only `token` is known.' }),
});

const subject = { tag: 'Tokens', subject: 'user' } as const;

export function tokenRoutes(deps: ApiDeps): Route[] {
  return [
    defineRoute({
      ...subject,
      method: 'get',
      path: '/users/{name}/tokens',
      summary: 'List tokens',
      needs: ['read:tokens'],
      replies: {
        200: { description: 'Those of the user that live.', schema: z.object({ api_tokens: z.array(tokenModel) }) },
      },
      async handle(call) {
        const { name } = await findUser(deps, call);
        const used = (record: Token): string => record.lastUsedAt ?? record.createdAt;
        const tokens = deps.tokens
          .ofOwner(name)
          .filter(ownedBy(name))
          .sort((a, b) => (used(a) < used(b) ? -1 : 1));
        return call.c.json({ api_tokens: tokens.map((record) => presentToken(deps, record)) });
      },
    }),
    defineRoute({
      ...subject,
      method: 'post',
      path: '/users/{name}/tokens',
      summary: 'Make a token',
      description: 'It can do no more than its owner may, nor more than the credential that asks for it.',
      needs: 'credentials',
      body: { schema: newToken, required: false },
      replies: {
        201: { description: 'The token, once.', schema: newTokenModel },
        400: { description: 'The scopes are not held, or the lifetime is too long.' },
      },
      async handle(call) {
        const asked = (await call.body()) ?? {};
        return call.c.json(await makeToken(deps, call, asked), 201);
      },
    }),
    defineRoute({
      ...subject,
      method: 'get',
      path: '/users/{name}/tokens/{token_id}',
      summary: 'Read a token',
      needs: ['read:tokens'],
      replies: { 200: { description: 'The token.', schema: tokenModel } },
      handle: async (call) => call.c.json(presentToken(deps, await findToken(deps, call))),
    }),
    defineRoute({
      ...subject,
      method: 'delete',
      path: '/users/{name}/tokens/{token_id}',
      summary: 'Revoke a token',
      description: 'With one that was made in a sign-in at a server go all of that user at that server.',
      needs: ['tokens'],
      replies: { 204: { description: 'It is good for nothing any more.' } },
      async handle(call) {
        const { id, owner, clientId } = await findToken(deps, call);
        await deps.tokens.revokeWhere(
          (record) => record.id === id || (clientId !== null && ownedBy(owner)(record) && record.clientId === clientId),
        );
        deps.log.info({ owner, tokenId: id, by: call.who.name }, 'token revoked');
        return empty(call, 204);
      },
    }),
  ];
}

const ownedBy =
  (name: string) =>
  (record: Token): boolean =>
    record.kind !== 'service' && record.kind !== 'share' && record.owner === name;

async function findToken(deps: ApiDeps, call: Pick<Call, 'param' | 'who'>): Promise<Token> {
  const { name } = await findUser(deps, call);
  const found = deps.tokens.get(call.param('token_id'));
  if (found === undefined || !ownedBy(name)(found)) throw notFound('No such token of that user.');
  return found;
}

async function makeToken(
  deps: ApiDeps,
  call: Pick<Call, 'who' | 'may' | 'param'>,
  asked: z.infer<typeof newToken>,
): Promise<object> {
  const { who } = call;
  const name = call.param('name');
  // The same answer whether the user is there or not.
  if (!call.may('tokens', 'user', name)) throw forbidden('User not found or no permissions to generate tokens');
  const owner = deps.cache.get(name);
  const isKnown = deps.directory.get(name) !== undefined || (who.kind === 'user' && who.name === name);
  if (owner === undefined || !isKnown) throw forbidden('User not found or no permissions to generate tokens');
  if (asked.roles?.some((role) => role !== 'token')) throw invalid('Tokens have scopes, not roles.');
  const { token, record } = await issueUserToken(deps, {
    maker: who,
    owner,
    note: asked.note || defaultNote(who, name),
    lifetimeS: asked.expires_in ?? undefined,
    scopes: asked.scopes ?? undefined,
  });
  return { ...presentToken(deps, record), token };
}

function defaultNote({ kind, name }: Call['who'], owner: string): string {
  return kind === 'user' && name === owner ? 'Requested via api' : `Requested via api by ${kind} ${name}`;
}
