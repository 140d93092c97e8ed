import { z } from 'zod';

/** How what a token says of a person becomes an account: used by every issuer and by the OpenID provider. */

function isPattern(text: string): boolean {
  try {
    return new RegExp(`^(?:${text})$`, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

export const accountRuleSchema = z.strictObject({
  claim: z.string().min(1).describe('Name of the claim; dots lead into objects: `realm.user`.'),
  pattern: z
    .string()
    .refine(isPattern, 'is no regular expression')
    .optional()
    .describe('The whole value must match it (JavaScript, flag `u`); otherwise the next rule is tried.'),
  name: z
    .string()
    .optional()
    .describe('What the match becomes: `$1`, `$<group>`, `$&`. Default: the first group, or the whole value.'),
  table: z
    .record(z.string(), z.string())
    .optional()
    .describe('What the value (after `pattern` and `name`) becomes; a value not in it goes to the next rule.'),
  lowerCase: z
    .boolean()
    .default(false)
    .describe('Lower-cases the value first. Only where the issuer does not tell people apart by case.'),
});
export type AccountRule = z.infer<typeof accountRuleSchema>;

export const mappingFields = {
  account: z
    .array(accountRuleSchema)
    .min(1)
    .default([{ claim: 'sub', lowerCase: false }])
    .describe('Rules from claim to account name, first match wins. The name must be a user of the system.'),
  require: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Claims that must have these values (a list must contain it), for example `email_verified: true`.'),
  groups: z
    .strictObject({
      claim: z.string().min(1).describe('Claim with the list of groups; they get the prefix `claim:`.'),
      required: z.boolean().default(false).describe('Refuse who has no usable list, instead of giving no groups.'),
    })
    .optional()
    .describe('Groups from a claim. Default: none; groups of the system count in any case.'),
};
