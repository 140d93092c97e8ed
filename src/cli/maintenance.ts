import type { Command } from 'commander';
import type { ControlClient } from './controlClient.ts';
import { command, say, withControl } from './records.ts';
import { details } from './table.ts';

/** Key of the announcement that the command makes. */
const key = 'maintenance';
const address = `/v1/announcements/${key}`;

/** `maintenance on|off|show`: an announcement that keeps everybody else out. It acts at once, without a restart. */
export function registerMaintenance(program: Command): void {
  const group = program.command('maintenance').description('close the gateway to all but administrators');
  command(group, 'on <text>', 'begin, with the text that the others read')
    .option('--allow <name>', 'an account or group (local:ops) that may be here too; may be repeated', collect, [])
    .option('--until <time>', 'ISO 8601, UTC; without: until it is switched off')
    .option('--close-servers', 'running servers cannot be opened either (they go on)')
    .action(
      withControl(async (control, options, text) => {
        const maintenance = {
          allow: options['allow'],
          servers: options['closeServers'] === true ? 'closed' : 'open',
        };
        const fields = { text, level: 'danger', until: options['until'] ?? null, maintenance };
        const isThere = (await find(control)) !== undefined;
        const record = isThere
          ? await control.ask('PATCH', address, fields)
          : await control.ask('POST', '/v1/announcements', { key, ...fields });
        say(options, record, () => `Maintenance is on${control.live ? '' : ' (the gateway is down)'}.`);
      }),
    );
  command(group, 'off', 'let everybody in again').action(
    withControl(async (control, options) => {
      const isThere = (await find(control)) !== undefined;
      if (isThere) await control.ask('DELETE', address);
      say(options, { removed: isThere }, () => (isThere ? 'Maintenance is off.' : 'Maintenance was not on.'));
    }),
  );
  command(group, 'show', 'is there one?').action(
    withControl(async (control, options) => {
      const record = await find(control);
      say(options, record ?? null, () => (record === undefined ? 'There is none.' : details(record)));
    }),
  );
}

async function find(control: ControlClient): Promise<Record<string, unknown> | undefined> {
  const { records } = (await control.ask('GET', '/v1/announcements')) as { records: Record<string, unknown>[] };
  return records.find((record) => record['key'] === key);
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
