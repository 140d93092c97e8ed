import { z } from 'zod';
import { pathSchema } from '../paths.ts';
import { mappingFields } from './identityRules.ts';

/** Signature algorithms of JWTs: asymmetric alone (RFC 8725, 3.2). */
const algorithms = z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']);
const secureUrl = z.url({ protocol: /^https?$/ });
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** An issuer whose tokens browsers bring along, from the site's single sign-on: nothing to log in to. */
export const issuerSchema = z
  .strictObject({
    issuer: z.string().min(1).describe('Compared with the claim `iss`, byte by byte.'),
    audience: z
      .union([z.string(), z.array(z.string()).min(1)])
      .transform((one) => (typeof one === 'string' ? [one] : one))
      .describe('The claim `aud` must have one of these.'),
    algorithms: z
      .array(algorithms)
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .describe('Allowed signatures.'),
    jwksUrl: secureUrl.optional().describe('Address of the key set. Default: found by OpenID discovery at `issuer`.'),
    jwksFile: pathSchema.optional().describe('File with the key set, instead of an address.'),
    cookie: z.string().regex(token, 'is no cookie name').optional().describe('Cookie that holds the token.'),
    header: z
      .string()
      .regex(token, 'is no header name')
      .transform((name) => name.toLowerCase())
      .optional()
      .describe('Header that holds it, bare or after `Bearer `. `Authorization` will do.'),
    maxAgeS: z.number().int().min(1).optional().describe('Oldest age by the claim `iat`, seconds. Default: no limit.'),
    type: z.string().optional().describe('The only `typ` that the header may have. Default: none, `JWT` or `at+jwt`.'),
    sessionClaim: z
      .string()
      .default('sid')
      .describe('Claim that stays the same while a sign-in is renewed. Where it is missing, `sub` takes its place.'),
    cooldownS: z
      .number()
      .int()
      .min(1)
      .default(30)
      .describe('Between two fetches of the key set at least, seconds, whatever tokens are sent.'),
    signInUrl: secureUrl
      .optional()
      .describe('Where to send who has no token; `{next}` becomes the address to return to. Default: a page says so.'),
    signOutUrl: secureUrl.optional().describe("Address that ends the sign-in there; linked on the page 'signed out'."),
    dangerouslyAllowHttp: z
      .boolean()
      .default(false)
      .describe('Allows a key set over plain http from another machine, for trying out.'),
    ...mappingFields,
  })
  .refine((one) => one.cookie !== undefined || one.header !== undefined, {
    message: 'needs `cookie`, `header` or both: where the token comes from',
  })
  .refine((one) => one.jwksUrl === undefined || one.jwksFile === undefined, {
    message: 'has `jwksUrl` and `jwksFile`: one of them only',
  })
  .refine((one) => one.jwksUrl !== undefined || one.jwksFile !== undefined || /^https?:\/\//.test(one.issuer), {
    message: 'needs `jwksUrl` or `jwksFile`: the issuer is no address to discover them at',
  });
export type IssuerConfig = z.infer<typeof issuerSchema>;

/** The site's OpenID provider, to which people are sent to sign in. */
export const oidcSchema = z.strictObject({
  issuer: secureUrl.describe('The provider; its discovery document is read from there.'),
  clientId: z.string().min(1).describe('The name that the gateway was registered under.'),
  clientSecret: z.string().optional().describe('Its secret; better in a file. Without one it is a public client.'),
  clientSecretFile: pathSchema.optional().describe('File that holds the secret; not readable by all.'),
  clientAuth: z
    .enum(['basic', 'post'])
    .default('basic')
    .describe('How the secret is sent: in a header, or in the form. Some providers read odd characters in one alone.'),
  scope: z.string().default('openid profile email').describe('Scopes to ask for; `offline_access` often renews.'),
  userInfo: z
    .boolean()
    .default(false)
    .describe('Asks the userinfo endpoint for claims as well: some providers name groups there alone.'),
  title: z.string().default('your organisation').describe('Name on the button: "Sign in with …".'),
  signOut: z
    .enum(['here', 'provider'])
    .default('here')
    .describe('Whether "Sign out" ends the sign-in here alone, or at the provider as well.'),
  renew: z
    .boolean()
    .default(true)
    .describe('Renews sign-ins in the background where the provider gives refresh tokens.'),
  renewEveryS: z
    .number()
    .int()
    .min(1)
    .default(900)
    .describe('How often a renewable sign-in asks the provider whether it still holds, seconds.'),
  groupsMaxAgeS: z
    .number()
    .int()
    .min(0)
    .default(43_200)
    .describe('How long the last known groups count where the provider renews a sign-in without naming any, seconds.'),
  timeoutS: z.number().min(1).default(10).describe('Longest wait for an answer of the provider, seconds.'),
  dangerouslyAllowHttp: z.boolean().default(false).describe('Allows a provider without TLS, for trying out.'),
  ...mappingFields,
});
export type OidcConfig = z.infer<typeof oidcSchema>;
