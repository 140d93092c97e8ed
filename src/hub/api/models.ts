import { z } from 'zod';

/** Shapes of the Hub API's answers: JupyterHub's models (its `rest-api.yml`), with what we add or never have noted. */

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC.' });

export const serverModel = z
  .object({
    name: z.string().meta({ description: "Empty for a user's default server." }),
    display_name: z.string(),
    full_name: z.string().meta({ description: '`owner/name`.' }),
    last_activity: time.nullable().meta({ description: 'When a person last did something here.' }),
    started: time.nullable(),
    pending: z.enum(['spawn', 'stop']).nullable(),
    ready: z.boolean(),
    stopped: z.boolean(),
    url: z.string(),
    user_options: z.record(z.string(), z.unknown()),
    progress_url: z.string(),
    full_url: z.string(),
    full_progress_url: z.string(),
    failure: z
      .object({
        reason: z.string(),
        code: z.string(),
        exit_code: z.number().int().nullable(),
        signal: z.string().nullable(),
        command: z.string().meta({ description: 'Without secrets.' }),
        log_tail: z.string(),
        at: time,
      })
      .optional()
      .meta({ description: 'Why it has failed; for who may start it. Not in JupyterHub.' }),
    state: z
      .object({ pid: z.number().int().nullable() })
      .nullable()
      .optional()
      .meta({ description: 'With the scope `admin:server_state` alone.' }),
  })
  .meta({ id: 'Server' });

const userFields = {
  kind: z.literal('user'),
  name: z.string(),
  admin: z.boolean().optional(),
  roles: z.array(z.string()).optional(),
  groups: z.array(z.string()).optional(),
  server: z.string().nullable().optional().meta({ description: 'Address of the default server, if it is ready.' }),
  pending: z.enum(['spawn', 'stop']).nullable().optional(),
  created: time.nullable().optional(),
  last_activity: time.nullable().optional(),
  auth_state: z.null().optional().meta({ description: 'None is kept.' }),
  servers: z.record(z.string(), serverModel).optional(),
  user_info: z.object({ display_name: z.string() }).nullable().optional(),
};

export const userModel = z
  .object(userFields)
  .meta({ id: 'User', description: 'Fields that the scopes of the caller do not cover are left out.' });

const serviceFields = {
  kind: z.literal('service'),
  name: z.string(),
  admin: z.boolean().optional(),
  roles: z.array(z.string()).optional(),
  url: z.string().optional(),
  prefix: z.string().optional(),
  command: z.array(z.string()).optional(),
  pid: z.number().int().optional(),
  info: z.record(z.string(), z.unknown()).optional(),
  display: z.boolean().optional(),
};

export const serviceModel = z.object(serviceFields).meta({ id: 'Service' });

const identityFields = {
  token_id: z.string().nullable(),
  session_id: z.string().nullable(),
  scopes: z.array(z.string()),
};

export const callerModel = z
  .union([
    z.object({ ...userFields, display_name: z.string(), ...identityFields }),
    z.object({ ...serviceFields, ...identityFields }),
  ])
  .meta({ id: 'RequestIdentity' });

export const groupModel = z
  .object({
    kind: z.literal('group'),
    name: z.string(),
    roles: z.array(z.string()).optional(),
    users: z.array(z.string()).optional(),
    properties: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Group' });

const tokenFields = {
  user: z.string(),
  id: z.string(),
  kind: z.literal('api_token'),
  roles: z.array(z.string()).meta({ description: 'Always empty.' }),
  scopes: z.array(z.string()).meta({ description: 'What the token may do now.' }),
  created: time,
  last_activity: time.nullable(),
  expires_at: time.nullable(),
  note: z.string(),
  session_id: z.string().nullable(),
  oauth_client: z.string(),
};

export const tokenModel = z.object(tokenFields).meta({ id: 'Token' });
export const newTokenModel = z
  .object({ ...tokenFields, token: z.string().meta({ description: 'Shown here and never again.' }) })
  .meta({ id: 'NewToken' });

export const errorModel = z
  .object({
    status: z.number().int(),
    message: z.string(),
    code: z.string().meta({ description: 'Stable: programs may match on it.' }),
    advice: z.string(),
    requestId: z.string().optional().meta({ description: 'Where the front door refused it: as in the log.' }),
    fields: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'Error' });

const pagination = z
  .object({
    offset: z.number().int(),
    limit: z.number().int(),
    total: z.number().int(),
    next: z.object({ offset: z.number().int(), limit: z.number().int(), url: z.string() }).nullable(),
  })
  .meta({ id: 'Pagination' });

/** The shape of a list for whoever accepts `application/jupyterhub-pagination+json`. */
export function pagedModel<T extends z.ZodType>(items: T) {
  return z.object({ items, _pagination: pagination });
}

export type ServerModel = z.infer<typeof serverModel>;
export type UserModel = z.infer<typeof userModel>;
export type TokenModel = z.infer<typeof tokenModel>;
