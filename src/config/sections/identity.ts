import { z } from 'zod';
import { issuerSchema, oidcSchema } from './identityIssuers.ts';

/** Local accounts, by the password rules of the system. */
const pamSchema = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe('Sign-in by the password of the system account. Default: on where `issuers` and `oidc` are not set.'),
  service: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('login')
    .describe('Name of the PAM service: a file in /etc/pam.d.'),
  timeoutS: z
    .number()
    .min(1)
    .default(20)
    .describe('Longest wait for PAM, which may hang on a directory server, seconds.'),
  threads: z.number().int().min(1).max(32).default(4).describe('So many passwords are checked at once.'),
  failDelayS: z.number().min(0).max(30).default(2).describe('Wait before a wrong password is answered, seconds.'),
});

/** Attempts to sign in; beyond it the answer is 429. */
const rateSchema = z.strictObject({
  perAccount: z.number().int().min(1).default(10).describe('Wrong passwords for one account within `windowS`.'),
  perAddress: z.number().int().min(1).default(40).describe('Wrong passwords from one address within `windowS`.'),
  windowS: z.number().int().min(1).default(300).describe('Length of that window, seconds.'),
});

/** Who vouches for people. */
export const identitySchema = z.strictObject({
  session: z
    .strictObject({
      lifetimeS: z.number().int().min(60).default(43_200).describe('Lifetime of a sign-in, seconds.'),
      skewS: z.number().int().min(0).max(300).default(30).describe('Clock difference that is forgiven, seconds.'),
    })
    .prefault({}),
  issuers: z.array(issuerSchema).default([]).describe('Issuers of tokens that browsers bring along (single sign-on).'),
  oidc: oidcSchema.optional().describe("The site's OpenID provider."),
  pam: pamSchema.prefault({}).describe('Local accounts.'),
  tries: rateSchema.prefault({}).describe('Limits on wrong passwords.'),
  links: z
    .strictObject({
      dangerouslyBeyondLoopback: z
        .boolean()
        .default(false)
        .describe('Lets a first run (sign-in links, no configuration file) listen on more than loopback.'),
    })
    .prefault({}),
  allowGroups: z
    .array(z.string())
    .default([])
    .describe(
      'Only members of one of these groups may sign in: `system:wx`, `claim:ops`. Empty: whoever has an account.',
    ),
  contact: z
    .string()
    .default('the administrator of this site')
    .describe('Whom to ask for an account; shown to who has none.'),
});
