import { z } from 'zod';
import type { AuditRecord } from '../../telemetry/audit/record.ts';
import type { ApiDeps } from './deps.ts';
import { defineRoute } from './route.ts';
import type { Route } from './route.ts';
import { findUser } from './users.ts';

const most = 1000;
const query = z.object({
  limit: z.coerce.number().int().min(1).max(most).default(100).meta({ description: 'So many of the newest.' }),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: 'None older than that (ISO 8601).' }),
  what: z
    .string()
    .max(40)
    .optional()
    .meta({ description: '`visit`, `denied`, `share.made` …, or all of a kind: `share`, `server`.' }),
});
const auditQuery = query.extend({
  account: z.string().max(200).optional().meta({ description: 'What this account did, and what was done to its own.' }),
});

const visitModel = z.object({
  at: z.iso.datetime(),
  what: z.string(),
  result: z.enum(['ok', 'denied', 'failed']),
  who: z.string().nullable(),
  as: z.string().nullable(),
  target: z.string().nullable(),
  owner: z.string().nullable(),
  way: z.string(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()).optional(),
  repeated: z.number().int().optional().meta({ description: 'How often the same came again.' }),
});
const auditModel = visitModel.extend({ from: z.string().nullable(), requestId: z.string().nullable() });

/** Who did what (docs/operations.md), of our own. */
export function auditRoutes(deps: ApiDeps): Route[] {
  const list = async (
    asked: Parameters<NonNullable<ReturnType<ApiDeps['audit']>>['list']>[0],
  ): Promise<AuditRecord[]> => (await deps.audit()?.list(asked)) ?? [];
  return [
    defineRoute({
      method: 'get',
      path: '/users/{name}/visits',
      tag: 'Users',
      summary: 'What did others do at the servers of a user?',
      description:
        'Who opened or started them, was refused, or changed what is shared; newest first. Not from where: that is for admins. Not in JupyterHub.',
      needs: ['read:shares'],
      subject: 'user',
      query,
      replies: { 200: { description: 'Newest first.', schema: z.array(visitModel) } },
      async handle(call) {
        const { name } = await findUser(deps, call);
        const { limit, what, since } = call.query;
        const records = await list({ account: name, byOthers: true, limit, what, sinceMs: toMs(since) });
        return call.c.json(records.map(withoutPlace));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/audit',
      tag: 'Hub',
      summary: 'Who did what?',
      description: 'The audit trail, newest first. Not in JupyterHub.',
      needs: ['admin-ui'],
      query: auditQuery,
      replies: { 200: { description: 'Newest first.', schema: z.array(auditModel) } },
      async handle(call) {
        const { limit, what, since, account } = call.query;
        return call.c.json(await list({ account, limit, what, sinceMs: toMs(since) }));
      },
    }),
  ];
}

function toMs(since: string | undefined): number | undefined {
  return since === undefined ? undefined : Date.parse(since);
}

function withoutPlace({ from: _from, requestId: _requestId, ...rest }: AuditRecord): object {
  return rest;
}
