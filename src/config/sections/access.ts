import { z } from 'zod';

/** Who may open what. */
export const accessSchema = z.strictObject({
  policy: z
    .enum(['owner', 'everyone'])
    .default('owner')
    .describe(
      'Who may open whose server where nothing is shared: `owner` alone, or `everyone` (Cylc then decides what each visitor may do).',
    ),
  everyoneMayStart: z
    .boolean()
    .default(false)
    .describe("Whether, under the policy `everyone`, visitors may start each other's servers."),
  accounts: z
    .enum(['system', 'listed'])
    .default('system')
    .describe(
      'Who has an account here: every ordinary user of the `system`, or only those that `admin.json` has `listed` in `accounts`.',
    ),
  adminAccess: z.boolean().default(false).describe("Whether admins may open other people's servers without a share."),
  admins: z.array(z.string()).default([]).describe('Account names of the admins.'),
  adminGroups: z
    .array(z.string())
    .default([])
    .describe('Groups whose members are admins, with their origin as prefix: `system:wheel`, `claim:ops`.'),
});
