import { open, readFile, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { userInfo } from 'node:os';

/**
 * Who has the file open in an editor, as far as editors tell: Vim writes user and host into its swap file (at offset 28
 * and 68: `struct block0` of Vim's memline.c), Emacs makes a link `.#file` to `user@host.pid`. Otherwise the owner of
 * the file, who saved it by a swap; a save in place as the gateway's own user tells nothing.
 */
export async function guessEditor(path: string, ownerUid: number): Promise<string | undefined> {
  const [folder, name] = [dirname(path), basename(path)];
  const link = await readlink(join(folder, `.#${name}`)).catch(() => undefined);
  if (link !== undefined) return `${clean(link.split('@')[0] ?? '')} (Emacs)`;
  const vim = await vimUser(join(folder, `.${name}.swp`));
  if (vim !== undefined) return `${vim} (Vim)`;
  if (ownerUid === process.geteuid?.()) return ownerUid === 0 ? undefined : userInfo().username;
  return (await nameOf(ownerUid)) ?? `uid ${ownerUid}`;
}

async function vimUser(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(68), 0, 68, 0);
    if (bytesRead < 68 || buffer.toString('latin1', 0, 2) !== 'b0') return undefined;
    return clean(buffer.toString('latin1', 28, 68).split('\0')[0] ?? '');
  } finally {
    await handle.close();
  }
}

/** The system's own users only: this is a hint, not worth a question to a directory. */
async function nameOf(uid: number): Promise<string | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return passwd
    .split('\n')
    .find((line) => line.split(':')[2] === String(uid))
    ?.split(':')[0];
}

function clean(name: string): string {
  return name.replaceAll(/[^\w.@-]/g, '').slice(0, 40) || 'somebody';
}
