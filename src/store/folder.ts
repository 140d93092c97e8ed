import { accessSync, chmodSync, constants, mkdirSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { errnoOf, isTemporaryName } from './files.ts';
import { isForeign } from './foreign.ts';

/**
 * Makes the data folder ready: there, ours, writable, mode 0700.
 *
 * @throws SetupError naming what is wrong and the command that mends it.
 */
export function prepareFolder(dataDir: string, log: Logger): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(dataDir, cause);
  }
  checkOwner(dataDir);
  refuseForeign(dataDir);
  try {
    tightenMode(dataDir, 0o700, log);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(dataDir, cause);
  }
}

/** One that is closed already loses nothing by our using it. */
function refuseForeign(dataDir: string): void {
  if ((statSync(dataDir).mode & 0o077) === 0 || !isForeign(dataDir)) return;
  throw new SetupError(
    `${dataDir} is in use for something else, and open to other users: it cannot be the data folder.`,
    {
      advice:
        'Name a folder of its own in `dataDir`: a new or empty one. If this is the right one, close it first: chmod 700.',
      exitCode: 73,
    },
  );
}

const ours = new Set(['admin.json', 'state.json', 'state.changes', 'admin.last-good', 'edits.jsonl']);

/**
 * Under the lock: checks the files that are there, and clears away what a crash left between two steps of a write. A
 * left-over of `admin.json` may be an editor's save that was just replaced: those go to the backups instead.
 */
export function prepareFiles(dataDir: string, log: Logger): void {
  for (const name of readdirSync(dataDir)) {
    if (isTemporaryName(name)) putAway(dataDir, name, log);
    if (!ours.has(name)) continue;
    checkOwner(join(dataDir, name));
    tightenMode(join(dataDir, name), 0o600, log);
  }
}

function putAway(dataDir: string, name: string, log: Logger): void {
  if (!name.startsWith('.admin.json.')) return unlinkSync(join(dataDir, name));
  mkdirSync(join(dataDir, 'refused'), { recursive: true, mode: 0o700 });
  const keptAt = join(dataDir, 'refused', `left-over${name}`);
  renameSync(join(dataDir, name), keptAt);
  log.info({ keptAt }, 'store: a crash left this file behind');
}

/** Another user's file could be changed by that user under our feet, and we could not keep its mode. */
function checkOwner(path: string): void {
  const uid = statSync(path, { throwIfNoEntry: false })?.uid;
  const own = process.geteuid?.();
  if (own === undefined || uid === undefined || uid === own) return;
  throw new SetupError(`${path} belongs to the user with uid ${uid}, but the gateway runs with uid ${own}.`, {
    advice:
      own === 0
        ? `That user could change it under a gateway that acts for everyone. Run the gateway as that user, give the folder to root (chown -R 0 FOLDER), or name another in \`dataDir\`.`
        : `Run the gateway as that user, give the folder away (chown -R ${own} FOLDER), or name another in \`dataDir\`.`,
    exitCode: 77,
  });
}

function tightenMode(path: string, mode: number, log: Logger): void {
  const now = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  if ((now & ~mode) === 0) return;
  chmodSync(path, mode);
  log.info({ path, mode: `0${mode.toString(8)}`, was: `0${now.toString(8)}` }, 'store: closed to other users');
}

function unwritable(dataDir: string, cause: unknown): SetupError {
  const reason = errnoOf(cause) ?? 'unknown';
  if (reason === 'EEXIST' || reason === 'ENOTDIR')
    return new SetupError(`The data folder cannot be ${dataDir}: that is a file, or below one.`, {
      advice: 'Name a folder in `dataDir`, or move the file away.',
      exitCode: 73,
      cause,
    });
  return new SetupError(`The data folder ${dataDir} cannot be written (${reason}).`, {
    advice: 'Make it writable for the user who runs the gateway, or name another folder in `dataDir`.',
    exitCode: 73,
    cause,
  });
}
