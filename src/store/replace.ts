import { dirname } from 'node:path';
import { sameStamp, temporaryName, type FileLayer, type FileStamp, type Text } from './files.ts';

export interface Replaced {
  /** Of the file that was written. */
  stamp: FileStamp | undefined;
  /** Where the file that it replaced is now; undefined if there was none. */
  old: string | undefined;
  /** The real file, behind a symlink. */
  target: string;
}

/**
 * Replaces a file so that a power cut at any moment leaves the old text or the new one: temporary file, fsync,
 * exchange (or rename), fsync of the folder (lowdb#549 lost files without them). The old file is kept for the caller,
 * who looks whether it is the one that was expected there.
 *
 * Where files cannot be exchanged the old one is kept by a link, and only if it is `expected`: a save by an editor in
 * the few microseconds between the look and the rename would be lost there.
 *
 * Undefined if the file is not the expected one any more: nothing was written.
 */
export async function replaceFile(
  files: FileLayer,
  path: string,
  text: Text,
  expected?: FileStamp,
): Promise<Replaced | undefined> {
  const target = await files.resolve(path);
  const temporary = temporaryName(target);
  let inPlace = false;
  try {
    await files.create(temporary, text);
    await files.sync(temporary);
    const stamp = await files.stamp(temporary);
    const placed = await putInPlace(files, temporary, target, expected);
    if (placed === undefined) return undefined;
    inPlace = true;
    await files.syncFolder(dirname(target));
    return { stamp, target, old: placed.old };
  } catch (error) {
    // After an exchange the temporary name holds the old file, which must not be lost: a start looks at left-overs.
    if (!inPlace) await files.remove(temporary).catch(() => undefined);
    throw error;
  }
}

async function putInPlace(
  files: FileLayer,
  temporary: string,
  target: string,
  expected: FileStamp | undefined,
): Promise<{ old: string | undefined } | undefined> {
  const now = await files.stamp(target);
  if (now === undefined) {
    await files.rename(temporary, target);
    return { old: undefined };
  }
  if (await files.exchange(temporary, target)) return { old: temporary };
  if (expected !== undefined && !sameStamp(now, expected)) {
    await files.remove(temporary);
    return undefined;
  }
  const kept = temporaryName(target);
  await files.keepAs(target, kept);
  await files.rename(temporary, target);
  return { old: kept };
}
