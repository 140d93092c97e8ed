import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Clock } from '../../clock.ts';
import { toGatewayError } from '../../errors.ts';
import { readForm } from '../../listen/bodyFormats.ts';
import { bodyLimits } from '../../listen/requestBody.ts';
import { assertAdmitted } from '../serverTokens.ts';
import type { Tokens } from '../tokens/createTokens.ts';
import type { Clients } from './clients.ts';
import type { Codes, Grant } from './codes.ts';

export interface TokenRouteDeps {
  clients: Clients;
  codes: Codes;
  tokens: Tokens;
  clock: Clock;
  tokenLifetimeS: number;
}

interface Refusal {
  status: 400 | 401;
  error: 'invalid_client' | 'invalid_grant' | 'invalid_request' | 'unsupported_grant_type';
  error_description: string;
}

/** `POST /oauth2/token`: a UI server trades a code for a token (RFC 6749, 4.1.3; RFC 7636, 4.5). */
export function createTokenRoute(deps: TokenRouteDeps): Hono {
  const app = new Hono();
  app.post('/oauth2/token', async (c) => {
    c.header('cache-control', 'no-store');
    const form = await readForm(c, bodyLimits.anonymous).catch(unlessTooLarge);
    if (form === undefined) return refuse(c, badRequest('The body is not a form.'));
    const field = (name: string) => form[name] ?? '';
    const refusal = checkShape(field) ?? checkClient(deps, field, c);
    if (refusal !== undefined) return refuse(c, refusal);
    const taken = deps.codes.take(field('code'));
    if (taken === undefined) return refuse(c, badGrant('The code is unknown or has expired.'));
    if ('replayed' in taken) {
      await deps.tokens.revokeWhere((record) => record.id === taken.tokenId);
      return refuse(c, badGrant('The code has been used.'));
    }
    const mismatch = checkGrant(taken.grant, field);
    return mismatch === undefined ? c.json(await trade(deps, field('code'), taken.grant)) : refuse(c, mismatch);
  });
  return app;
}

/** What is plain from the request alone comes first, as in JupyterHub. */
function checkShape(field: (name: string) => string): Refusal | undefined {
  if (field('grant_type') !== 'authorization_code')
    return { status: 400, error: 'unsupported_grant_type', error_description: 'Only authorization_code is taken.' };
  return field('code') === '' ? badRequest('code is missing.') : undefined;
}

function checkClient({ clients }: TokenRouteDeps, field: (name: string) => string, c: Context): Refusal | undefined {
  const client = clients.find(field('client_id'));
  const secret = client === undefined ? undefined : clients.secretOf(client, field('client_secret'));
  assertAdmitted(secret, c);
  if (secret !== undefined) return undefined;
  return { status: 401, error: 'invalid_client', error_description: 'Unknown client or wrong secret.' };
}

function checkGrant(grant: Grant, field: (name: string) => string): Refusal | undefined {
  if (grant.clientId !== field('client_id')) return badGrant('The code was made for another client.');
  if (grant.redirectUri !== field('redirect_uri')) return badRequest('redirect_uri differs.');
  if (grant.challenge === undefined) return undefined;
  if (field('code_verifier') === '') return badRequest('code_verifier is missing.');
  const challenge = createHash('sha256').update(field('code_verifier')).digest('base64url');
  return challenge === grant.challenge ? undefined : badGrant('code_verifier does not fit.');
}

async function trade(deps: TokenRouteDeps, code: string, grant: Grant): Promise<Record<string, unknown>> {
  const now = deps.clock.now();
  // A token must not outlive the sign-in that it was obtained in.
  const expiresAt = Math.min(now + deps.tokenLifetimeS * 1000, grant.identity.expiresAt);
  const { token, record } = await deps.tokens.issue({
    kind: 'oauth',
    owner: grant.identity.account.name,
    clientId: grant.clientId,
    sessionId: grant.identity.sessionId,
    scopes: grant.scopes,
    note: `Sign-in at ${grant.clientId}`,
    expiresAt,
  });
  deps.codes.made(code, record.id);
  const expiresIn = Math.max(0, Math.floor((expiresAt - now) / 1000));
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, scope: grant.scopes.join(' ') };
}

function unlessTooLarge(thrown: unknown): undefined {
  const error = toGatewayError(thrown);
  if (error.code === 'request.too-large') throw error;
}

function badGrant(text: string): Refusal {
  return { status: 400, error: 'invalid_grant', error_description: text };
}

function badRequest(text: string): Refusal {
  return { status: 400, error: 'invalid_request', error_description: text };
}

function refuse(c: Context, refusal: Refusal): Response {
  const { status, ...body } = refusal;
  return c.json(body, status);
}
