import { readFile, stat } from 'node:fs/promises';
import { SetupError } from '../errors.ts';

/** The one secret that a file holds, without the blanks around it. Throws `SetupError`, which never quotes it. */
export async function readSecretFile(
  path: string,
  { what, leastLength = 1 }: { what: string; leastLength?: number },
): Promise<string> {
  const fault = (why: string, cause?: unknown): SetupError =>
    new SetupError(`The file ${path}, which should hold ${what}, ${why}.`, {
      advice: 'Put the secret alone into it, owned by the user of the gateway, and chmod 600 it.',
      cause,
    });
  const text = await stat(path)
    .then((found) => {
      if ((found.mode & 0o007) !== 0) throw fault('can be read by everybody');
      return readFile(path, 'utf8');
    })
    .catch((error: unknown) => {
      throw error instanceof SetupError ? error : fault(`cannot be read (${(error as Error).message})`, error);
    });
  const secret = text.trim();
  if (secret === '') throw fault('is empty');
  if (secret.length < leastLength) throw fault(`is too short: ${leastLength} characters or more are needed`);
  return secret;
}
