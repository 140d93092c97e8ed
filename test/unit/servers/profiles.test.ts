import { expect, test } from 'vitest';
import type { Account } from '../../../src/access/types.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { checkProfiles } from '../../../src/servers/profileSetup.ts';
import { createProfiles } from '../../../src/servers/profiles.ts';
import type { Profiles } from '../../../src/servers/profiles.ts';
import type { Program } from '../../../src/servers/programs.ts';

const alice: Account = {
  name: 'alice',
  uid: 1001,
  gid: 1001,
  home: '/nowhere',
  shell: '/bin/sh',
  displayName: 'Alice',
  groups: ['system:wx'],
  admin: false,
};
const key = { owner: 'alice', name: '' };
const programs: Program[] = ['stable', 'next'].map((id) => ({
  id,
  title: id,
  kind: 'cylc',
  path: `/opt/${id}/bin/cylc`,
  version: '1.10.0',
  variables: { CYLC_VERSION: id },
}));

function build(profiles: unknown[], spawners: string[] = ['warm', 'account', 'slurm']): Profiles {
  const config = configSchema.parse({ profiles, environments: programs.map(({ id }) => ({ name: id, cylc: '/x' })) });
  checkProfiles({ profiles: config.profiles, environments: config.environments, spawners });
  return createProfiles({ programs: { list: () => programs }, spawners, profiles: config.profiles });
}

const nothing = () => ({});
const big = {
  name: 'big',
  title: 'Big',
  spawner: 'slurm',
  groups: ['system:wx'],
  environments: ['next'],
  variables: { OMP_NUM_THREADS: '1' },
  ownArgs: false,
  submit: [
    '--partition={queue}',
    '--mem={memory}',
    '--time={time:minutes}',
    ['--gres', 'gpu:{gpus}'],
    '--exclusive{alone}',
  ],
  fields: {
    queue: { type: 'choice', label: 'Queue', choices: ['short', { value: 'long', label: 'Long jobs' }] },
    memory: { type: 'memory', label: 'Memory', default: '2G', min: '1G', max: '16G', required: true },
    time: { type: 'time', label: 'Time', default: '90 min', max: '1d' },
    gpus: { type: 'number', label: 'GPUs', min: 0, max: 4, unit: 'cards' },
    alone: { type: 'checkbox', label: 'A node of its own' },
  },
};
const small = { name: 'small', title: 'Small' };

test('a profile is shown to its accounts and groups alone, with its fields in their order', async () => {
  const profiles = build([big, small, { ...small, name: 'bobs', accounts: ['bob'] }]);
  const forms = await profiles.forms(alice, nothing);
  expect(forms.map(({ profile }) => profile)).toEqual(['big', 'small']);
  expect(forms[0]?.fields.map(({ name }) => name)).toEqual(['workflow', 'program', ...Object.keys(big.fields)]);
  expect(forms[0]?.fields.find(({ name }) => name === 'program')?.choices).toEqual([{ value: 'next', label: 'next' }]);
  const others = await profiles.forms({ ...alice, name: 'bob', groups: ['claim:wx'] }, nothing);
  expect(others.map(({ profile }) => profile)).toEqual(['small', 'bobs']);
});

test('what was chosen becomes arguments of the submit command; what was left empty leaves none', () => {
  const profiles = build([big]);
  const launch = profiles.launch(alice, {
    key,
    by: 'alice',
    options: { queue: 'long', memory: '1.5 GiB', gpus: '2', alone: 'on' },
  });
  expect(launch).toMatchObject({ spawner: 'slurm', profile: 'big', args: [] });
  expect(launch.submit).toEqual(['--partition=long', '--mem=1536M', '--time=90', '--gres', 'gpu:2', '--exclusive']);
  expect(launch.variables).toEqual({ CYLC_VERSION: 'next', OMP_NUM_THREADS: '1' });
  expect(profiles.launch(alice, { key, by: 'alice', options: { time: '' } }).submit).toEqual([
    '--partition=short',
    '--mem=2048M',
  ]);
});

test.each([
  [{ queue: 'huge' }, { queue: 'is not one of the choices' }],
  [{ memory: '17G' }, { memory: 'is more than 16 GiB' }],
  [{ memory: '512M' }, { memory: 'is less than 1 GiB' }],
  [{ memory: '' }, { memory: 'is missing' }],
  [{ time: '25:00:00' }, { time: 'is more than 1 d' }],
  [{ time: '-1' }, { time: expect.stringContaining('is not a time') as string }],
  [{ gpus: 1.5 }, { gpus: 'is not a whole number' }],
  [{ gpus: 5 }, { gpus: 'is more than 4' }],
  [{ program: 'stable' }, { program: 'is not one of the choices' }],
  [{ args: '--debug' }, { args: 'is no option here' }],
])('%j is refused by its field, however it comes', (options, fields) => {
  const profiles = build([big]);
  for (const given of [options, Object.fromEntries(Object.entries(options).map(([name, value]) => [name, [value]]))])
    expect(() => profiles.launch(alice, { key, by: 'alice', options: given })).toThrow(
      expect.objectContaining({ code: 'spawn.options', fields }),
    );
});

test('a text may hold only what its pattern allows, and its hint says what is wanted', () => {
  const text = { type: 'text', label: 'Account', pattern: '[a-z]{3}', hint: 'an account of three letters' };
  const profiles = build([{ ...small, spawner: 'slurm', fields: { account: text }, submit: ['--account={account}'] }]);
  const launch = (account: string) => profiles.launch(alice, { key, by: 'alice', options: { account } });
  expect(launch('abc').submit).toEqual(['--account=abc']);
  expect(launch('').submit).toEqual([]);
  expect(() => launch('abcd')).toThrow('is not an account of three letters');
  expect(() => launch('ab\n')).toThrow('is not an account of three letters');
});

test('the API may name the profile in user_options; one that is not theirs is refused like one that is not there', () => {
  const profiles = build([small, { ...big, groups: ['system:ops'] }]);
  const by = 'alice';
  expect(profiles.launch(alice, { key, by, options: { profile: ['small'] } }).profile).toBe('small');
  const refusals = ['big', 'none'].map((profile) => {
    try {
      return profiles.launch(alice, { key, by, options: { profile } });
    } catch (error) {
      return error;
    }
  });
  expect(refusals[0]).toEqual(refusals[1]);
  expect(refusals[0]).toMatchObject({ code: 'spawn.options', fields: { profile: 'is unknown' } });
});

test('the last choice is offered again as far as the rules still allow it', async () => {
  const last = (profile: string) => (profile === '' ? { profile: 'small' } : { memory: '64G', queue: 'long', gone: 1 });
  const forms = await build([big, small]).forms(alice, last);
  const defaults = Object.fromEntries(forms[0]?.fields.map((field) => [field.name, field.default]) ?? []);
  expect(defaults).toMatchObject({ memory: '2G', queue: 'long' });
  expect(forms.map((form) => form.last)).toEqual([false, true]);
});

test('all that is wrong with the profiles is said at once, before anybody starts a server', () => {
  const fields = { memory: { type: 'memory', label: 'Memory', default: '1G', min: '2G' } };
  const bad = [
    { ...big, fields, submit: ['--mem={memory}', '--x={typo}'], environments: ['gone'] },
    { ...small, spawner: 'pbs' },
    { name: 'here', title: 'Here', submit: ['-x'] },
  ];
  const words = [
    /big: there is no environment gone/,
    /\{typo\}/,
    /is less than 2 GiB/,
    /small: there is no spawner pbs/,
    /here: submit/,
  ];
  for (const word of words) expect(() => build(bad)).toThrow(word);
});

test('without profiles there is this host, and Slurm where it is configured', async () => {
  const names = async (spawners: string[]) =>
    (await build([], spawners).forms(alice, nothing)).map(({ profile }) => profile);
  expect(await names(['account'])).toEqual(['default']);
  expect(await names(['account', 'slurm'])).toEqual(['default', 'slurm']);
  const launch = build([]).launch(alice, { key, by: 'alice', options: { profile: 'slurm' } });
  expect(launch.submit).toEqual(['--cpus-per-task=1', '--mem=1024M', '--time=08:00:00']);
});

test('who took the stand-in before Cylc came finds Cylc chosen; what was chosen otherwise stays', async () => {
  const standIn: Program = { id: 'stand-in', title: 'Stand-in', kind: 'stand-in', path: '/s', version: undefined };
  const chosen = async (list: Program[], program: string): Promise<unknown> => {
    const profiles = createProfiles({ programs: { list: () => list }, spawners: ['account'] });
    const [form] = await profiles.forms(alice, (name) => (name === '' ? {} : { program, workflow: 'nowcast' }));
    const field = (name: string) => form?.fields.find((one) => one.name === name)?.default;
    expect(field('workflow')).toBe('nowcast');
    return field('program');
  };
  expect(await chosen([standIn], 'stand-in')).toBe('stand-in');
  expect(await chosen([...programs, standIn], 'stand-in')).toBe('stable');
  expect(await chosen([...programs, standIn], 'next')).toBe('next');
});
