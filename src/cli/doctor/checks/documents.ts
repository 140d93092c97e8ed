import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPeople } from '../../../identity/people.ts';
import { changesPathOf } from '../../../store/appendedFile.ts';
import { faultText } from '../../../store/faults.ts';
import { judge } from '../../../store/judge.ts';
import { adminKind, stateKind, type DocumentKind } from '../../../store/kinds.ts';
import { readAppended } from '../../../store/readAppended.ts';
import type { Check, Finding, Subject } from '../types.ts';

export const documents: Check = {
  name: 'Store',
  look: async (subject) => [...(await checkDocument(subject, adminKind)), ...(await checkDocument(subject, stateKind))],
};

async function checkDocument<T>({ config, file }: Subject, kind: DocumentKind<T>): Promise<Finding[]> {
  const name = `${kind.name}.json`;
  let text: string;
  try {
    text = await readFile(join(config.dataDir, name), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? [] : [{ outcome: 'fault', what: `${name} cannot be read.`, why: message }];
  }
  const result = kind.byHand
    ? await judge(kind, text, undefined, createPeople({ firstRun: file === null }))
    : readAppended(kind, text, await appended(join(config.dataDir, name)));
  if (result.ok) return [{ outcome: 'ok', what: name }];
  if (result.newer !== undefined)
    return [
      {
        outcome: 'fault',
        what: `${name} is of version ${result.newer}; this gateway knows versions up to ${kind.version}.`,
        advice: 'Install the newer gateway again, or go back to a backup (docs/store.md).',
      },
    ];
  return result.faults.map((fault) => ({ outcome: 'fault', what: `${name}: ${faultText(fault)}`, advice: mend }));
}

const appended = (path: string): Promise<string | undefined> =>
  readFile(changesPathOf(path), 'utf8').catch(() => undefined);

const mend = 'Mend the file at that place, or bring back a good one: cylc-gateway restore data/backups/…';
