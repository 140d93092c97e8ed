import type { Command } from 'commander';
import { addCommonOptions, loadWithStore } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';
import { openControl, type ControlClient } from './controlClient.ts';
import { recordKinds, type RecordKind } from './recordKinds.ts';
import { details, table } from './table.ts';

export type RecordOptions = CommonOptions & { json?: boolean } & Record<string, unknown>;

/** `users`, `groups`, `shares` ...: list, show, add, edit, remove. `servers` has further commands of its own. */
export function registerRecords(program: Command): ReadonlyMap<string, Command> {
  return new Map(recordKinds.map((kind) => [kind.name, registerKind(program, kind)]));
}

function registerKind(program: Command, kind: RecordKind): Command {
  const group = program.command(kind.name).description(kind.description);
  const address = (key: string): string => `/v1/${kind.name}/${encodeURIComponent(key)}`;
  const key = `<${kind.key}>`;
  command(group, 'list', 'all of them').action(
    withControl(async (control, options) => {
      const { columns, records } = (await control.ask('GET', `/v1/${kind.name}`)) as unknown as Listed;
      say(options, records, () => (records.length === 0 ? `No ${kind.name}.` : table(columns, records)));
    }),
  );
  command(group, `show ${key}`, 'one of them').action(
    withControl(async (control, options, name) => {
      const record = await control.ask('GET', address(kind.toKey(name)));
      say(options, record, () => details(record));
    }),
  );
  const add = command(group, `add ${kind.newKey === undefined ? key : ''}`.trim(), 'a new one');
  kind.flags(add, 'add').action(
    withControl(async (control, options, name) => {
      const asked = { key: kind.newKey ?? kind.toKey(name), ...kind.fields(options) };
      const record = await control.ask('POST', `/v1/${kind.name}`, asked);
      say(options, record, () => `Added ${String(record['key'])}${later(control)}`);
    }),
  );
  kind.flags(command(group, `edit ${key}`, 'change it'), 'edit').action(
    withControl(async (control, options, name) => {
      const record = await control.ask('PATCH', address(kind.toKey(name)), kind.fields(options));
      say(options, record, () => `Changed ${kind.toKey(name)}${later(control)}`);
    }),
  );
  command(group, `remove ${key}`, 'remove it').action(
    withControl(async (control, options, name) => {
      const answer = await control.ask('DELETE', address(kind.toKey(name)));
      say(options, answer, () => `Removed ${kind.toKey(name)}${later(control)}`);
    }),
  );
  return group;
}

interface Listed {
  columns: string[];
  records: Record<string, unknown>[];
}

export function command(group: Command, name: string, description: string): Command {
  return addCommonOptions(group.command(name).description(description)).option('--json', 'for programs: JSON');
}

/** The action of a command with at most one argument. */
export function withControl(
  work: (control: ControlClient, options: RecordOptions, name: string) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const name = typeof given[0] === 'string' ? given[0] : '';
    const options = given.at(-2) as RecordOptions;
    const { config, file } = await loadWithStore(options);
    const control = await openControl(config, file === null);
    try {
      await work(control, options, name);
    } finally {
      await control.close();
    }
  };
}

export function say(options: RecordOptions, data: unknown, text: () => string): void {
  console.log(options.json === true ? JSON.stringify(data, null, 2) : text());
}

function later(control: ControlClient): string {
  return control.live ? '' : ' (the gateway is down: it acts at the next start)';
}
