import { z } from 'zod';

/** Shapes of the two documents (design, section 9). Times are ISO 8601, UTC; maps are keyed by the record's key. */

const isoTime = z.iso.datetime();

export const shareSchema = z.strictObject({
  id: z.string(),
  owner: z.string(),
  server: z.string(),
  grantee: z.strictObject({ kind: z.enum(['user', 'group']), name: z.string() }),
  level: z.enum(['read', 'control']),
  expiresAt: isoTime.nullable(),
  note: z.string().max(500),
  createdAt: isoTime,
  mayStart: z.boolean().optional(),
});

export const accountEntrySchema = z.strictObject({
  admin: z.boolean().optional(),
  blocked: z.boolean().optional(),
  /** Refuses the account when the system gives this name another uid: names are given out again. */
  uid: z.number().int().min(1).max(4_294_967_293).optional(),
  note: z.string().max(500).optional(),
  createdAt: isoTime.optional(),
});

export const announcementSchema = z.strictObject({
  id: z.string(),
  text: z.string().max(2000),
  level: z.enum(['info', 'warning', 'danger']),
  from: isoTime.nullable(),
  until: isoTime.nullable(),
  /** As long as it is shown, only admins and those named here may sign in, see pages and start servers. */
  maintenance: z
    .strictObject({
      /** Accounts, and groups with their prefix. */
      allow: z.array(z.string()),
      /** Whether the others may go on using servers that run. */
      servers: z.enum(['open', 'closed']),
    })
    .optional(),
});

export const upstreamSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unix'), path: z.string() }),
  z.strictObject({
    kind: z.literal('tcp'),
    host: z.string(),
    port: z.number().int(),
    tls: z.string().optional(),
    owner: z.number().int().optional(),
  }),
]);

/** The same, as people write it. */
const typedUpstreamSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unix'), path: z.string().startsWith('/') }),
  z.strictObject({
    kind: z.literal('tcp'),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535),
    tls: z.string().optional(),
  }),
]);

/** A web application that is already running, to be reached under `/services/<name>/`. */
export const serviceEntrySchema = z.strictObject({
  title: z.string().max(100).optional(),
  upstream: typedUpstreamSchema,
  /** Groups (`local:x`, `system:x`, `claim:x`) that may use it; without: every account. */
  groups: z.array(z.string()).optional(),
});

/** Who sees a profile of servers, keyed by its name; one that is not named here is for everyone. */
export const profileEntrySchema = z.strictObject({
  /** Account names, and groups with their prefix; an empty list hides it from all. */
  visibleTo: z.array(z.string()),
});

/** What an admin reads and edits. */
export const adminSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(2),
  /** Counts the writes: tells which version a hand edit began from. */
  revision: z.number().int().min(0).optional(),
  accounts: z.record(z.string(), accountEntrySchema),
  groups: z.record(
    z.string(),
    z.strictObject({
      members: z.array(z.string()),
      /** What site scripts keep there; the gateway reads none of it. */
      properties: z.record(z.string(), z.unknown()).optional(),
      createdAt: isoTime.optional(),
    }),
  ),
  shares: z.record(z.string(), shareSchema),
  announcements: z.record(z.string(), announcementSchema),
  /** Desired states, keyed `owner/name`. */
  servers: z.record(z.string(), z.strictObject({ desired: z.enum(['up', 'down']) })),
  services: z.record(z.string(), serviceEntrySchema),
  profiles: z.record(z.string(), profileEntrySchema),
});
export type AdminData = z.infer<typeof adminSchema>;

export const handleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('process'),
    process: z.strictObject({
      pid: z.number().int(),
      startTime: z.string(),
      bootId: z.string(),
      uid: z.number().int().optional(),
    }),
    /** Where the launcher noted the process and notes its exit code. */
    runFile: z.string(),
    /** Whose it is, where it may take sudo to signal it. */
    account: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('job'),
    jobId: z.string(),
    host: z.string().optional(),
    /** Names the start, as in the certificate of its relay. */
    runFile: z.string().optional(),
    owner: z.string().optional(),
    server: z.string().optional(),
    logFile: z.string().optional(),
  }),
]);

/** One server's record: enough to find it again, poll it, stop it and explain it. */
export const serverRecordSchema = z.strictObject({
  owner: z.string(),
  name: z.string(),
  displayName: z.string().max(200).optional(),
  phase: z.enum(['stopped', 'queued', 'starting', 'ready', 'stopping', 'failed', 'unknown']),
  profile: z.string(),
  spawner: z.string(),
  program: z.string(),
  options: z.record(z.string(), z.unknown()),
  handle: handleSchema.nullable(),
  /** Of the start under way, known before the process is: a gateway that was killed in between finds it by this. */
  runFile: z.string().nullable(),
  /** Command line, secrets removed. */
  command: z.string(),
  /** Page of the UI server to open after the start, relative to its prefix. */
  page: z.string(),
  upstream: upstreamSchema.nullable(),
  logFile: z.string().nullable(),
  startedBy: z.string().nullable(),
  startedAt: isoTime.nullable(),
  lastActivityAt: isoTime.nullable(),
  /** Not stopped by the rules on idle servers before then. */
  keepUntil: isoTime.nullable().optional(),
  /** Why it was stopped, where nobody asked for it. */
  stopReason: z.string().nullable().optional(),
  /** What it has said of itself that its owner should know. */
  notice: z.string().nullable().optional(),
  failure: z
    .strictObject({
      reason: z.string(),
      code: z.string(),
      exitCode: z.number().int().nullable(),
      signal: z.string().nullable(),
      logTail: z.string(),
      command: z.string(),
      at: isoTime,
    })
    .nullable(),
});
export type ServerRecord = z.infer<typeof serverRecordSchema>;

/** Hub tokens, hashed (SHA-256, hex): the token itself is shown once and kept nowhere. */
export const tokenRecordSchema = z.strictObject({
  id: z.string(),
  hash: z.string(),
  kind: z.enum(['server', 'user', 'oauth', 'service', 'share']),
  /** Account, or service name for `service`. */
  owner: z.string(),
  /** OAuth client (`jupyterhub-user-alice`) the token was made for; of a share code, `share:` and the name of the server. */
  clientId: z.string().nullable(),
  /** Browser session it was obtained in: it dies with that session. */
  sessionId: z.string().nullable(),
  scopes: z.array(z.string()),
  note: z.string(),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  lastUsedAt: isoTime.nullable(),
  /** How often a share code was traded for a share. */
  uses: z.number().int().min(0).optional(),
});
export type TokenRecord = z.infer<typeof tokenRecordSchema>;

export const sessionRecordSchema = z.strictObject({
  id: z.string(),
  account: z.string(),
  issuer: z.string(),
  userAgent: z.string().max(300),
  createdAt: isoTime,
  expiresAt: isoTime,
  revokedAt: isoTime.nullable(),
  /** `external`: a token of the site's single sign-on, which we did not make and cannot take back. */
  kind: z.enum(['own', 'external']).optional(),
  uid: z.number().int().optional(),
  /** Tokens made before this time are void: the session was ended then and has begun anew. */
  validFrom: isoTime.optional(),
  /** Groups that the provider named, with their prefix. */
  groups: z.array(z.string()).optional(),
  /** When it last named them; absent: at the sign-in. */
  groupsAt: isoTime.optional(),
  /** What the provider calls the person and the session: a back-channel logout names them so. */
  provider: z.strictObject({ subject: z.string(), sid: z.string().nullable() }).optional(),
  /** Refresh and ID token, encrypted with a key of `identity-keys.json`. */
  kept: z.string().optional(),
});
export type SessionRecord = z.infer<typeof sessionRecordSchema>;

/** What the program writes often. */
export const stateSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  /** Counts the writes: tells which version a hand edit began from. */
  revision: z.number().int().min(0).optional(),
  /** Keyed `owner/name`. */
  servers: z.record(z.string(), serverRecordSchema),
  /** Keyed by id. */
  tokens: z.record(z.string(), tokenRecordSchema),
  /** Keyed by id. */
  sessions: z.record(z.string(), sessionRecordSchema),
  /** Last options chosen, keyed `owner/profile`. */
  choices: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Shows that the program wrote this text as it is. */
  sum: z.string().optional(),
});
export type StateData = z.infer<typeof stateSchema>;
