import { open, readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { SetupError } from '../errors.ts';
import { faultText } from '../store/faults.ts';
import { adminKind, stateKind, type DocumentKind } from '../store/kinds.ts';
import { readDocument } from '../store/read.ts';
import { restoreFiles } from '../store/restore.ts';
import { createSerialise } from '../store/serialise.ts';
import { addCommonOptions, loadFromOptions, loadWithStore } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';
import { openControl } from './controlClient.ts';
import { command, withControl } from './records.ts';

/** Both documents in one file, as one moment has them. Keys and logs are not in it. */
interface BackupFile {
  format: 'cylc-gateway backup';
  madeAt: string;
  /** Texts of the documents, as they stand in their files. */
  admin: string;
  state: string;
}

export function registerBackup(program: Command): void {
  command(program, 'backup <file>', 'write both documents into one file (mode 0600); it must not exist').action(
    withControl(async (control, _, path) => {
      const { admin, state } = await control.ask('GET', '/v1/documents');
      const text = <T>(kind: DocumentKind<T>, data: unknown): string => createSerialise(kind)(data as T, 0);
      const file: BackupFile = {
        format: 'cylc-gateway backup',
        madeAt: new Date().toISOString(),
        admin: text(adminKind, admin),
        state: text(stateKind, state),
      };
      await writeNew(path, `${JSON.stringify(file, null, 2)}\n`);
      console.log(`Written to ${path}`);
    }),
  );
  addCommonOptions(program.command('restore <file>').description('go back to a backup, or to a file of data/backups'))
    .option('--only <document>', 'admin or state')
    .option('--new', 'the data folder has no records yet: this is a new machine')
    .action(restore);
}

async function restore(path: string, options: CommonOptions & { only?: string; new?: boolean }): Promise<void> {
  const found = await readBackup(path);
  const wanted = { ...found };
  if (options.only === 'admin') delete wanted.state;
  if (options.only === 'state') delete wanted.admin;
  const checked = { admin: check(adminKind, path, wanted.admin), state: check(stateKind, path, wanted.state) };
  const { config, file } = await (options.new === true ? loadFromOptions : loadWithStore)(options);
  const control = await openControl(config, file === null);
  try {
    if (control.live && checked.state !== undefined)
      throw new SetupError('The gateway is running: state.json can be restored only while it is down.', {
        advice: 'Stop it first, or restore only admin.json: --only admin.',
        exitCode: 69,
      });
    if (checked.admin !== undefined) await control.ask('PUT', '/v1/documents/admin', checked.admin);
  } finally {
    await control.close();
  }
  if (wanted.state !== undefined) await restoreFiles(config.dataDir, { state: wanted.state });
  console.log(`Restored ${Object.keys(wanted).join(' and ')} from ${path}`);
}

async function readBackup(path: string): Promise<{ admin?: string; state?: string }> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new SetupError(`The backup cannot be read: ${error.message}.`, { advice: 'Check the path.', exitCode: 66 });
  });
  const parsed = parse(text);
  if (parsed?.format === 'cylc-gateway backup') return { admin: parsed.admin, state: parsed.state };
  return readDocument(stateKind, text).ok ? { state: text } : { admin: text };
}

function parse(
  text: string,
): (Partial<BackupFile & { admin: string; state: string }> & { admin: string; state: string }) | undefined {
  try {
    return JSON.parse(text) as BackupFile;
  } catch {
    return undefined;
  }
}

function check<T>(kind: DocumentKind<T>, path: string, text: string | undefined): object | undefined {
  if (text === undefined) return undefined;
  const result = readDocument(kind, text);
  if (result.ok) return result.data as object;
  const faults = result.faults.map((fault) => `\n  ${faultText(fault)}`).join('');
  const why = result.newer === undefined ? faults : ` it is of the newer version ${result.newer}`;
  throw new SetupError(`${path} is no good ${kind.name}.json:${why}`, { advice: 'Nothing was changed.', exitCode: 65 });
}

async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600).catch((error: Error) => {
    throw new SetupError(`The backup cannot be written: ${error.message}.`, {
      advice: 'Name a file that does not exist yet, in a folder of yours.',
      exitCode: 73,
    });
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
