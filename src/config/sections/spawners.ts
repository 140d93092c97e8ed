import { z } from 'zod';
import { argvSchema, pathSchema } from '../paths.ts';

/** What every way to run servers on other nodes has. */
export const nodeOptions = {
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

const argv = argvSchema.min(1);
const pattern = z.string().refine(isPattern, 'this is not a regular expression');

/** How to read what the poll command says. The first rule that matches counts. */
const stateRule = z.strictObject({
  match: pattern.describe('Regular expression that is looked for in the output, line by line (`^` and `$` of a line).'),
  is: z.enum(['pending', 'up', 'gone']).describe('What the job is when it matches.'),
  exit: pattern
    .optional()
    .describe(
      'Of `gone`: its first group is the exit code; 256 and more is a signal as PBS counts, 129 and more as a shell.',
    ),
  why: z.string().default('').describe('What the owner is told: "its job was cancelled".'),
});

const commandSchema = z.strictObject({
  title: z.string().min(1).describe('What people call the batch system.'),
  submit: argv
    .refine((words) => words.includes('{args}'), 'one item has to be {args}, the arguments of the profile')
    .describe(
      'Command that submits; the job script comes by its standard input. `{name}` names the start (15 characters), `{args}` stands for the arguments of the profile.',
    ),
  id: pattern.default('^(\\S+)$').describe("Finds the job's id in what `submit` says: the first group."),
  directives: z.array(z.string()).default([]).describe('Lines at the head of the job script: `#PBS -S /bin/sh`.'),
  poll: argv.describe('Command that tells about one job, `{job}`.'),
  states: z.array(stateRule).min(1).describe('How to read what `poll` says.'),
  reason: pattern.optional().describe('Finds why a job waits in what `poll` says: the first group.'),
  unknownJob: pattern.describe(
    'What `poll` or `cancel` says, on either output, of a job that the system does not know (any more).',
  ),
  cancel: argv.describe('Command that ends a job in order, `{job}`.'),
  kill: argv.optional().describe('Command that ends a job at once, `{job}`. Default: `cancel`.'),
  find: argv
    .optional()
    .describe(
      'Command that prints the id of the job named `{name}`, or nothing. Without it, a job whose submission was cut off ends by itself.',
    ),
  variables: z.record(z.string(), z.string()).default({}).describe('Environment variables of these commands.'),
  ...nodeOptions,
  pollIntervalS: nodeOptions.pollIntervalS
    .default(5)
    .describe('Least time between two questions about one job, seconds.'),
});

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'm') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Ways to run servers on other nodes. */
export const spawnersSchema = z.strictObject({
  slurm: z
    .strictObject({
      bin: pathSchema.optional().describe("Folder of Slurm's commands. Default: where the system has its programs."),
      conf: pathSchema.optional().describe('Path of slurm.conf, where it is not the default (SLURM_CONF).'),
      submit: z
        .array(z.string())
        .default([])
        .describe('Further arguments of sbatch for every server, one item each: no shell reads them.'),
      ...nodeOptions,
    })
    .optional()
    .describe('Servers as Slurm jobs. Off where this is absent.'),
  command: z
    .record(
      z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,29}$/)
        .refine((name) => !['warm', 'account', 'slurm'].includes(name), 'this name is taken'),
      commandSchema,
    )
    .default({})
    .describe('Further batch systems, each by its commands. Arguments are given one by one: no shell reads them.'),
});
