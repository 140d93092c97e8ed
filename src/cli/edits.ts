import type { Command } from 'commander';
import type { EditRecord } from '../store/editLog.ts';
import { faultText, type Fault } from '../store/faults.ts';
import { command, say, withControl } from './records.ts';
import { table } from './table.ts';

interface Edits {
  edits: EditRecord[];
  refused: { since: string; faults: Fault[] } | null;
}

/** What people did to `admin.json` with an editor, and the way out of a save that was refused. */
export function registerEdits(program: Command): void {
  const edits = program.command('edits').description('saves of admin.json by hand');
  command(edits, 'list', 'the newest, and the one that is refused now').action(
    withControl(async (control, options) => {
      const found = (await control.ask('GET', '/v1/edits')) as unknown as Edits;
      say(options, found, () => [...refusal(found), history(found)].join('\n'));
    }),
  );
  command(edits, 'dismiss', 'write the last good state over a refused save').action(
    withControl(async (control, options) => {
      const answer = await control.ask('POST', '/v1/edits/dismiss', {});
      say(options, answer, () => (answer['dismissed'] === true ? 'Dismissed.' : 'No save is refused now.'));
    }),
  );
}

function refusal({ refused }: Edits): string[] {
  if (refused === null) return [];
  return [`Refused since ${refused.since}:`, ...refused.faults.map((fault) => `  ${faultText(fault)}`), ''];
}

function history({ edits }: Edits): string {
  if (edits.length === 0) return 'Nobody has edited admin.json yet.';
  const rows = edits.map(({ at, outcome, by, edits: made, conflicts, note }) => ({
    at,
    outcome: conflicts.length === 0 ? outcome : `${outcome}, ${conflicts.length} conflicts`,
    by,
    what: [...made.map(({ path }) => path), note].filter((text) => text !== '').join(', '),
  }));
  return table(['at', 'outcome', 'by', 'what'], rows);
}
