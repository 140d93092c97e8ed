import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isForeign } from './foreign.ts';

const secret =
  /^(?:admin|state)\.json$|^admin\.last-good$|^state\.changes$|^identity-keys\.json$|^audit(?:\.\d+)?\.jsonl$/;

/** What is wrong with owner and modes of the data folder, for people; an absent folder is no fault. Changes nothing. */
export function checkFolder(dataDir: string): string[] {
  const folder = statSync(dataDir, { throwIfNoEntry: false });
  if (folder === undefined) return [];
  if (!folder.isDirectory()) return ['It is not a folder.'];
  const names = readable(dataDir);
  if (names === undefined) return ['It cannot be read; run the check as the user who runs the gateway.'];
  if ((folder.mode & 0o077) !== 0 && isForeign(dataDir))
    return [`${dataDir} is in use for something else: set dataDir to a folder of its own.`];
  const files = names.filter((name) => secret.test(name));
  return ['.', ...files].flatMap((name) => faultsOf(join(dataDir, name), folder.uid));
}

function faultsOf(path: string, owner: number): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  const faults = [];
  if ((found.mode & 0o077) !== 0) faults.push(`${path} is open to other users (chmod go= ${path}).`);
  if (found.uid !== owner) faults.push(`${path} belongs to uid ${found.uid}, the folder to uid ${owner}.`);
  return faults;
}

function readable(dataDir: string): string[] | undefined {
  try {
    return readdirSync(dataDir);
  } catch {
    return undefined;
  }
}
