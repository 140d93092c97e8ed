/**
 * Swaps two files in one step (renameat2(2) with RENAME_EXCHANGE), so that whoever replaces a file holds what it
 * replaced: an editor's save in the last microsecond is then in our hands instead of gone. Node has no call for it.
 */
export type Exchange = (one: string, other: string) => boolean;

/** AT_FDCWD and RENAME_EXCHANGE of Linux; the errno values of file systems and kernels without it. */
const currentFolder = -100;
const exchangeFlag = 2;
const unsupported = new Set([1, 22, 38, 95]);

/**
 * The function answers false where the file system cannot (NFS, old kernels), and throws Node-like errors (`code`)
 * for the rest. Undefined where the C library is not to be had.
 */
export async function loadExchange(): Promise<Exchange | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const call = koffi.load(null).func('int renameat2(int, const char *, int, const char *, unsigned int)');
    const names = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));
    return (one, other) => {
      if (call(currentFolder, one, currentFolder, other, exchangeFlag) === 0) return true;
      const errno = koffi.errno();
      if (unsupported.has(errno)) return false;
      const code = names.get(errno) ?? `errno ${errno}`;
      throw Object.assign(new Error(`${code}: exchange '${one}' <-> '${other}'`), { code });
    };
  } catch {
    return undefined;
  }
}
