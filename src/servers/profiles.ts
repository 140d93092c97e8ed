import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { splitArguments } from './arguments.ts';
import type { Launch } from './lifeParts.ts';
import { baseFields, checkOptions, rememberedOptions } from './options.ts';
import type { Programs } from './programs.ts';
import type { Beside } from './options.ts';
import type { ProfileForm, StartRequest } from './types.ts';
import { suggestWorkflows, workflowPage } from './workflows.ts';

/** What people may choose from, and the same rules for a start that comes by the API. */
export interface Profiles {
  forms(account: Account, last: (profile: string) => Readonly<Record<string, unknown>>): Promise<ProfileForm[]>;
  /** Checks a request; throws `spawn.options` naming every fault. */
  launch(account: Account, request: StartRequest): Launch;
}

export function createProfiles(options: { programs: Programs; spawner: string; beside: readonly Beside[] }): Profiles {
  const { programs, spawner, beside } = options;
  return {
    async forms(account, last) {
      const fields = baseFields(programs.list(), await suggestWorkflows(account.home), beside);
      const remembered = rememberedOptions(fields, last('default'));
      return [
        {
          profile: 'default',
          title: 'On this machine',
          description: 'Runs as a process of your account on the machine of the gateway.',
          fields: fields.map((field) => Object.assign({}, field, { default: remembered[field.name] ?? field.default })),
        },
      ];
    },
    launch(account, request) {
      const profile = request.profile ?? 'default';
      if (profile !== 'default')
        throw new GatewayError('spawn.options', {
          message: 'There is no such profile.',
          fields: { profile: 'is unknown' },
        });
      const found = programs.list();
      const values = checkOptions(baseFields(found, [], beside), request.options);
      const program = found.find(({ id }) => id === values['program']) ?? found[0];
      if (program === undefined) throw new GatewayError('spawn.command-missing');
      const split = splitArguments(String(values['args'] ?? ''));
      const args = split.ok ? split.words : [];
      if (args.length > 0 && request.by !== account.name) throw onlyOwner();
      const page = program.kind === 'cylc' ? workflowPage(String(values['workflow'] ?? '')) : '';
      return { by: request.by, profile, spawner, program, options: values, args, page };
    },
  };
}

/** Arguments of the server are as good as a shell of its owner. */
function onlyOwner(): GatewayError {
  const fault = 'may be given by the owner of the server alone';
  return new GatewayError('spawn.options', { message: `Extra arguments ${fault}.`, fields: { args: fault } });
}
