import { randomBytes } from 'node:crypto';
import { lstat, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SetupError } from '../errors.ts';

/** Private keys in the data folder. One file, mode 0600, made by us; anything else in its place is refused. */

const jwkSchema = z.looseObject({ kty: z.string(), kid: z.string() });

export const keyFileSchema = z.strictObject({
  version: z.literal(1),
  /** Signs session tokens (EdDSA); the first is the current one, the others only verify. */
  session: z.array(z.strictObject({ createdAt: z.iso.datetime(), jwk: jwkSchema })).min(1),
  /** Signs ID tokens of the built-in provider. */
  provider: z.array(jwkSchema).min(1),
  /** Encrypts the cookies of sign-ins under way: 32 bytes, base64url. */
  login: z.string().length(43),
});
export type KeyFile = z.infer<typeof keyFileSchema>;

/** Undefined if there is none. Throws `SetupError` if it is loose, somebody else's, or broken. */
export async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  if (!(await isSafe(path))) return undefined;
  try {
    return keyFileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new SetupError(`The key file ${path} cannot be read as one.`, {
      advice: 'Bring it back from a backup, or delete it: new keys are made and everyone must sign in again.',
      cause,
    });
  }
}

async function isSafe(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return false;
  if (!found.isFile()) throw refuse(path, 'is not a plain file', 'Delete it: a new one is made.');
  if (found.uid !== process.geteuid?.())
    throw refuse(path, 'belongs to another user', 'Run the gateway as the user who owns it, or chown the file.');
  if ((found.mode & 0o077) !== 0)
    throw refuse(path, 'can be read by others', `chmod 600 ${path}; if others may have read it, delete it instead.`);
  return true;
}

function refuse(path: string, what: string, advice: string): SetupError {
  return new SetupError(`The key file ${path} ${what}. With it anybody can be anyone here.`, { advice });
}

/** Written aside and put in place at once; on disk (file and folder) when it resolves. */
export async function writeKeyFile(path: string, content: KeyFile): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
