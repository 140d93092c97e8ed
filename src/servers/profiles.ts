import type { Account } from '../access/types.ts';
import type { ProfileConfig } from '../config/sections/profiles.ts';
import { GatewayError } from '../errors.ts';
import { splitArguments } from './arguments.ts';
import type { Launch } from './lifeParts.ts';
import { baseFields, checkOptions, rememberedOptions } from './options.ts';
import type { Beside } from './options.ts';
import { siteFields, siteSubmit } from './profileFields.ts';
import { defaultProfiles } from './profileSetup.ts';
import type { Program, Programs } from './programs.ts';
import { fillSubmit } from './submitTemplate.ts';
import type { OptionField, ProfileForm, StartRequest } from './types.ts';
import { workflowPage } from './workflows.ts';

/** What people may choose from, and the same rules for a start that comes by the API. */
export interface Profiles {
  /** `last`: the options chosen the last time, by profile; under the empty name, which profile that was. */
  forms(account: Account, last: (profile: string) => Readonly<Record<string, unknown>>): Promise<ProfileForm[]>;
  /** Checks a request; throws `spawn.options` naming every fault. */
  launch(account: Account, request: StartRequest): Launch;
}

export interface ProfilesOptions {
  programs: Programs;
  /** Kinds of the spawners that there are; the first is the one used where nothing else is said. */
  spawners: readonly string[];
  profiles?: readonly ProfileConfig[] | undefined;
  /** Services that people may have beside their server. */
  beside?: readonly Beside[];
  /** Names of the account's workflows, to choose from. */
  workflows?: (account: Account) => Promise<string[]>;
  /** What admin.json says of the profile: it can hide what the configuration shows. */
  shown?: (profile: string, account: Account) => boolean;
}

export function createProfiles(options: ProfilesOptions): Profiles {
  const { programs, spawners, profiles = [], beside = [], shown = () => true } = options;
  const workflowsOf = options.workflows ?? (() => Promise.resolve([]));
  const [usual = 'account'] = spawners;
  const all = profiles.length > 0 ? profiles : defaultProfiles(spawners);
  const visible = (account: Account): ProfileConfig[] =>
    all.filter((profile) => mayUse(profile, account) && shown(profile.name, account));

  return {
    async forms(account, last) {
      const workflows = await workflowsOf(account);
      return visible(account).map((profile) => {
        const found = offered(profile, programs);
        const fields = fieldsOf(profile, found, workflows, beside);
        const remembered = rememberedOptions(fields, withoutStandIn(last(profile.name), found));
        return {
          profile: profile.name,
          title: profile.title,
          description: profile.description,
          fields: fields.map((field) => Object.assign({}, field, { default: remembered[field.name] ?? field.default })),
          last: last('')['profile'] === profile.name,
        };
      });
    },
    launch(account, request) {
      const { name, options } = asked(request);
      const profile = choose(visible(account), name);
      const found = offered(profile, programs);
      const fields = fieldsOf(profile, found, [], beside);
      const values = checkOptions(fields, options);
      const program = found.find(({ id }) => id === values['program']) ?? found[0];
      if (program === undefined) throw new GatewayError('spawn.command-missing');
      const split = splitArguments(String(values['args'] ?? ''));
      const own = split.ok ? split.words : [];
      if (own.length > 0 && request.by !== account.name) throw onlyOwner();
      return {
        by: request.by,
        profile: profile.name,
        spawner: profile.spawner ?? usual,
        program,
        options: values,
        args: [...profile.args, ...own],
        variables: { ...program.variables, ...profile.variables },
        cwd: profile.cwd,
        umask: profile.umask,
        limits: profile.limits,
        submit: fillSubmit(siteSubmit(profile), fields, values),
        page: program.kind === 'cylc' ? workflowPage(String(values['workflow'] ?? '')) : '',
      };
    },
  };
}

function mayUse({ accounts, groups }: ProfileConfig, account: Account): boolean {
  if (accounts.length === 0 && groups.length === 0) return true;
  return accounts.includes(account.name) || groups.some((group) => account.groups.includes(group));
}

/** Those of the profile's environments that are there; all, where it names none. */
/** Whoever took the stand-in had nothing else: when Cylc has come meanwhile, it is what they want. */
function withoutStandIn(last: Readonly<Record<string, unknown>>, found: readonly Program[]): Record<string, unknown> {
  const { program, ...others } = last;
  const better = found[0]?.kind === 'cylc' && found.find(({ id }) => id === program)?.kind === 'stand-in';
  return better ? others : { ...last };
}

function offered({ environments }: ProfileConfig, programs: Programs): Program[] {
  const found = programs.list();
  return environments.length === 0 ? found : found.filter(({ id }) => environments.includes(id));
}

function fieldsOf(
  profile: ProfileConfig,
  found: readonly Program[],
  workflows: readonly string[],
  beside: readonly Beside[],
): OptionField[] {
  const fields = baseFields(found, workflows, beside).filter(({ name }) => name !== 'args' || profile.ownArgs);
  const at = fields.findIndex(({ name }) => name === 'args');
  return fields.toSpliced(at === -1 ? fields.length : at, 0, ...siteFields(profile));
}

/** JupyterHub's clients name the profile inside `user_options`, which is where wrapspawner and others put it. */
function asked({ profile, options }: StartRequest): { name: string | undefined; options: StartRequest['options'] } {
  const { profile: inside, ...rest } = options;
  if (inside === undefined) return { name: profile, options };
  const name: unknown = Array.isArray(inside) && inside.length === 1 ? inside[0] : inside;
  if (typeof name !== 'string' || (profile !== undefined && profile !== name)) throw noProfile();
  return { name, options: rest };
}

/** A profile that others may use is refused like one that does not exist: its name may tell something. */
function choose(visible: readonly ProfileConfig[], name: string | undefined): ProfileConfig {
  const profile = name === undefined ? visible[0] : visible.find((one) => one.name === name);
  if (profile !== undefined) return profile;
  if (name !== undefined) throw noProfile();
  throw new GatewayError('access.denied', {
    message: 'This site has no kind of server for you.',
    advice: 'Ask the administrator of this site.',
  });
}

function noProfile(): GatewayError {
  return new GatewayError('spawn.options', {
    message: 'There is no such profile, or not for you.',
    fields: { profile: 'is unknown' },
  });
}

/** Arguments of the server are as good as a shell of its owner. */
function onlyOwner(): GatewayError {
  const fault = 'may be given by the owner of the server alone';
  return new GatewayError('spawn.options', { message: `Extra arguments ${fault}.`, fields: { args: fault } });
}
