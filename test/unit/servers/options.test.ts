import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argumentFault, splitArguments } from '../../../src/servers/arguments.ts';
import { baseFields, checkOptions, rememberedOptions } from '../../../src/servers/options.ts';
import { isWorkflowName, workflowPage } from '../../../src/servers/workflows.ts';

const programs = [{ id: 'cylc', title: 'Cylc', kind: 'cylc' as const, path: '/x/cylc', version: '1.10.0' }];
const fields = baseFields(programs, ['nowcast']);

describe('extra arguments', () => {
  test.each([
    ['', []],
    ['  --a=1   --b ', ['--a=1', '--b']],
    ['--a="x y" \'--b=$HOME `id`\'', ['--a=x y', '--b=$HOME `id`']],
    [String.raw`--a=\"x\ y "\\"`, ['--a="x y', '\\']],
    ["--a='' ''", ['--a=', '']],
    ['--a=$(rm -rf ~);|&>x*', ['--a=$(rm', '-rf', '~);|&>x*']],
  ])('%j is split as by a shell, but expanded by none', (text, words) => {
    expect(splitArguments(text)).toEqual({ ok: true, words });
  });

  test.each(['"open', "'open", 'ends\\'])('%j is refused', (text) => {
    expect(splitArguments(text).ok).toBe(false);
  });

  test('any words come back from their quoted form', () => {
    const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        expect(splitArguments(words.map(quote).join(' '))).toEqual({ ok: true, words });
      }),
    );
  });

  test.each([
    '--ServerApp.sock=/tmp/x',
    '--sock=/tmp/x',
    '--ServerApp.base_url=/',
    '--port=80',
    '--ip=0.0.0.0',
    '--CylcHubApp.ip=0.0.0.0',
    '--ServerApp.authorizer_class=x',
    '--SingleUserServerApp.hub_api_url=http://evil',
    '--HubOAuth.oauth_client_id=x',
    '--HubOAuth.access_scopes=[]',
    '--ServerApp.allow-origin=*',
    '--config=/tmp/evil.py',
    '-f=/tmp/evil.py',
    '--allow-root',
    '--generate-config',
    'play',
    '--',
    '-',
    '--x=a\nb',
    '--x=\0',
  ])('%j is refused', (word) => {
    expect(argumentFault(word)).toBeDefined();
  });

  test.each(['--CylcUIServer.scan_interval=10', '--HubOAuth.cache_max_age=30', '--debug', '--Session.key=a=b'])(
    '%j is taken',
    (word) => {
      expect(argumentFault(word)).toBeUndefined();
    },
  );
});

describe('options of a start', () => {
  test('what is not given has its default; forms may send lists of one', () => {
    expect(checkOptions(fields, {})).toEqual({ workflow: '', program: 'cylc', args: '' });
    expect(checkOptions(fields, { workflow: ['a/run1'] })).toMatchObject({ workflow: 'a/run1' });
  });

  test('every fault is named with its field', () => {
    const given = { workflow: '../etc', program: 'other', args: '--port=1 bad', extra: 1 };
    const named = {
      workflow: expect.any(String) as string,
      program: expect.any(String) as string,
      args: expect.stringMatching(/--port.*bad/s) as string,
      extra: 'is no option here',
    };
    expect(() => checkOptions(fields, given)).toThrow(
      expect.objectContaining({ code: 'spawn.options', fields: named }),
    );
  });

  test('what was chosen the last time is offered only as far as the rules still allow it', () => {
    expect(rememberedOptions(fields, { workflow: 'a', program: 'gone', args: '--sock=x', old: 1 })).toEqual({
      workflow: 'a',
    });
  });

  test.each([
    ['number', '12', 12],
    ['number', 'x', undefined],
    ['number', 101, undefined],
    ['number', '', undefined],
    ['memory', '4G', '4G'],
    ['memory', '1.5 GiB', '1.5 GiB'],
    ['memory', '4G; rm', undefined],
    ['time', '8:00:00', '8:00:00'],
    ['time', '1-00', '1-00'],
    ['time', '-1', undefined],
    ['time', '30', undefined],
    ['memory', '4', undefined],
    ['checkbox', 'on', true],
    ['checkbox', 'perhaps', undefined],
    ['text', 'a\u0007', undefined],
    ['text', { toString: 1 }, undefined],
  ] as const)('a field of type %s given %j', (type, given, expected) => {
    const field = { name: 'f', label: '', help: '', type, default: '', ...(type === 'number' && { max: 100 }) };
    if (expected === undefined) expect(() => checkOptions([field], { f: given })).toThrow('f:');
    else expect(checkOptions([field], { f: given })).toEqual({ f: expected });
  });
});

test.each([
  ['nowcast', true],
  ['a/b/run1', true],
  ['v1.2+x%y@z-_', true],
  ['', false],
  ['/etc/passwd', false],
  ['a/../b', false],
  ['.hidden', false],
  ['-rf', false],
  ['a b', false],
  ['a/log', false],
  ['a\n', false],
  ['<script>', false],
])('%j as the name of a workflow: %s', (name, good) => {
  expect(isWorkflowName(name)).toBe(good);
});

test('the page of a workflow is a harmless address', () => {
  expect(workflowPage('a%b/run1')).toBe('cylc/#/workspace/a%25b/run1');
  expect(workflowPage('')).toBe('');
});
