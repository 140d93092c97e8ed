import { profileSchema } from '../config/sections/profiles.ts';
import type { EnvironmentConfig, ProfileConfig } from '../config/sections/profiles.ts';
import { SetupError } from '../errors.ts';
import { checkOptions } from './options.ts';
import { siteFields, siteSubmit } from './profileFields.ts';
import { unknownFields } from './submitTemplate.ts';
import type { OptionField } from './types.ts';

/** Where the site declares no profiles: this host, and Slurm where it is configured. */
export function defaultProfiles(spawners: readonly string[]): ProfileConfig[] {
  const here = profileSchema.parse({
    name: 'default',
    title: 'On this machine',
    description: 'Runs as a process of your account on the machine of the gateway.',
  });
  const slurm = profileSchema.parse({
    name: 'slurm',
    title: 'On a compute node',
    description: 'Runs as a Slurm job of your account, with the resources that you ask for.',
    spawner: 'slurm',
  });
  return spawners.includes('slurm') ? [here, slurm] : [here];
}

/** Says at start-up all that is wrong with the profiles; what the schema alone cannot see. */
export function checkProfiles(options: {
  profiles: readonly ProfileConfig[];
  environments: readonly EnvironmentConfig[];
  /** Kinds of the spawners that are configured. */
  spawners: readonly string[];
}): void {
  const faults = options.profiles.flatMap((profile) =>
    profileFaults(profile, options).map((fault) => `  profile ${profile.name}: ${fault}`),
  );
  if (faults.length > 0)
    throw new SetupError(`The profiles of the configuration have faults:\n${faults.join('\n')}`, {
      advice: 'Correct them all; docs/profiles.md explains them.',
    });
}

function profileFaults(
  profile: ProfileConfig,
  { environments, spawners }: { environments: readonly EnvironmentConfig[]; spawners: readonly string[] },
): string[] {
  const fields = siteFields(profile);
  const faults: string[] = [];
  if (profile.spawner !== undefined && !spawners.includes(profile.spawner))
    faults.push(`there is no spawner ${profile.spawner}; there are: ${spawners.join(', ')}`);
  if (profile.submit !== undefined && ['warm', 'account', undefined].includes(profile.spawner))
    faults.push('submit is for batch systems, and this profile has none');
  for (const name of profile.environments)
    if (!environments.some((one) => one.name === name)) faults.push(`there is no environment ${name}`);
  for (const name of unknownFields(siteSubmit(profile), ['workflow', 'program', ...fields.map((field) => field.name)]))
    faults.push(`submit names {${name}}, and there is no such field`);
  return [...faults, ...fields.flatMap(defaultFault)];
}

/** A default that the rules of its own field refuse would make every start fail. */
function defaultFault(field: OptionField): string[] {
  if (field.default === '') return [];
  try {
    checkOptions([field], { [field.name]: field.default });
    return [];
  } catch (error) {
    return [`default of ${(error as Error).message.replace(/^.*?: /, '')}`];
  }
}
