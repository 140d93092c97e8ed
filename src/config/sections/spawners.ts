import { z } from 'zod';

/** What every way to run servers on other nodes has. */
export const nodeOptions = {
  submit: z
    .array(z.string())
    .default([])
    .describe('Further arguments of the submit command for every server, one item each: no shell reads them.'),
  pollIntervalS: z
    .number()
    .min(0.1)
    .default(2)
    .describe('Least time between two questions to the batch system; one question asks for all servers. Seconds.'),
  commandTimeoutS: z
    .number()
    .min(1)
    .default(30)
    .describe('A command of the batch system that takes longer has failed, seconds.'),
  python: z.string().default('python3').describe('Command of Python 3.7 or newer on the nodes.'),
  bind: z.string().default('0.0.0.0').describe('Address on which a server listens on its node.'),
  ports: z
    .tuple([z.number().int().min(1), z.number().int().max(65_535)])
    .refine(([first, last]) => first <= last, 'the first port is above the last')
    .optional()
    .describe('First and last port that servers may take on their nodes, where a firewall is between. Default: any.'),
  address: z
    .enum(['peer', 'name'])
    .default('peer')
    .describe(
      'How the gateway reaches a server: by the address that its job called from (`peer`), or by the name of its node.',
    ),
};

/** Ways to run servers on other nodes. */
export const spawnersSchema = z.strictObject({
  slurm: z
    .strictObject({
      bin: z.string().optional().describe("Folder of Slurm's commands. Default: where the system has its programs."),
      conf: z.string().optional().describe('Path of slurm.conf, where it is not the default (SLURM_CONF).'),
      ...nodeOptions,
    })
    .optional()
    .describe('Servers as Slurm jobs. Off where this is absent.'),
});
