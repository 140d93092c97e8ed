import { z } from 'zod';
import type { Schemas } from './schemas.ts';

type Json = Record<string, unknown>;

const tokenRequest = z.object({
  grant_type: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string().optional(),
});
const tokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
  scope: z.string(),
});
const tokenError = z.object({ error: z.string(), error_description: z.string() });

/** The sign-in of UI servers and services: forms and redirects (RFC 6749), which the table of the JSON API does not fit. */
export function oauthPaths(schemas: Schemas): Record<string, Json> {
  const page = { description: 'A page says why not.', content: { 'text/html': { schema: { type: 'string' } } } };
  const fault = {
    description: 'Refused (RFC 6749, 5.2).',
    content: { 'application/json': { schema: schemas.of(tokenError, 'output') } },
  };
  const parameter = (name: string, required: boolean): Json => ({
    name,
    in: 'query',
    required,
    schema: { type: 'string' },
  });
  const authorize = {
    tags: ['OAuth'],
    security: [],
    parameters: [
      ...['client_id', 'redirect_uri', 'response_type'].map((name) => parameter(name, true)),
      ...['state', 'code_challenge', 'code_challenge_method'].map((name) => parameter(name, false)),
    ],
    responses: {
      200: { ...page, description: 'Asks the visitor whether the server may know them.' },
      302: { description: 'Back to the server with a code, or to the sign-in.' },
      400: page,
      401: page,
      403: page,
      413: page,
    },
  };
  return {
    '/oauth2/authorize': {
      get: { ...authorize, operationId: 'get_oauth2_authorize', summary: 'A browser comes from a server to sign in' },
      post: { ...authorize, operationId: 'post_oauth2_authorize', summary: 'The visitor agrees' },
    },
    '/oauth2/token': {
      post: {
        operationId: 'post_oauth2_token',
        tags: ['OAuth'],
        summary: 'A server trades a code for a token',
        security: [],
        requestBody: {
          required: true,
          content: { 'application/x-www-form-urlencoded': { schema: schemas.of(tokenRequest, 'input') } },
        },
        responses: {
          200: {
            description: 'The token.',
            content: { 'application/json': { schema: schemas.of(tokenAnswer, 'output') } },
          },
          400: fault,
          401: fault,
          413: { $ref: '#/components/responses/Failure' },
        },
      },
    },
  };
}
