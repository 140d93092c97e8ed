import { lstatSync, readdirSync, readlinkSync, statfsSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** Says why a file is not root's alone: somebody else owns it, may write it, or may put something in its place. */
export class Distrust extends Error {}

/**
 * File systems where mode bits bound every right: a POSIX access list shows in the group's bits (acl(5)). Elsewhere
 * (NFS, GPFS, SMB, FUSE) owner and mode may be made up, or lists may grant what they do not show.
 */
const honestFileSystems: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x5846_5342, // XFS
  0x9123_683e, // Btrfs
  0xca45_1a4e, // bcachefs
  0xf2f5_2010, // F2FS
  0x2fc1_2fc1, // ZFS
  0x0102_1994, // tmpfs
  0x8584_58f6, // ramfs
  0x794c_7630, // overlayfs
  0x7371_7368, // squashfs
  0xe0f5_e1e2, // EROFS
  0x0bd0_0bd0, // Lustre
  0x00c3_6400, // Ceph
]);

const othersMayWrite = 0o022;
const sticky = 0o1000;
const maxLinks = 40;
const maxFiles = 500_000;

/** Looks at files by their owners and modes alone; nothing is opened or run. Each file is looked at once. */
export class RootsAlone {
  readonly #looked = new Map<string, Stats | undefined>();
  readonly #devices = new Set<number>();
  readonly #trees = new Set<string>();

  /**
   * Follows a path from the root, link by link: every folder and link on the way, and what it leads to, must be root's
   * alone. Returns where it leads, undefined where there is nothing, and nobody but root can put anything.
   *
   * @throws Distrust
   */
  path(path: string): string | undefined {
    const left = partsOf(path);
    let [at, links] = ['/', 0];
    this.#check('/', true);
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      const next = part === '..' ? dirname(at) : join(at, part);
      const found = this.#look(next);
      if (found === undefined) {
        this.#check(at, false);
        return undefined;
      }
      if (found.isSymbolicLink()) {
        if ((links += 1) > maxLinks) throw new Distrust(`${path} has too many links`);
        const target = readlinkSync(next);
        left.unshift(...partsOf(target));
        if (isAbsolute(target)) at = '/';
        continue;
      }
      this.#check(next, left.length > 0);
      at = next;
    }
    return at;
  }

  /**
   * The same for all that is in a folder, links out of it included. Returns where the path leads.
   *
   * @throws Distrust
   */
  tree(path: string): string | undefined {
    const top = this.path(path);
    const folders = top === undefined ? [] : [top];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      if (this.#trees.has(folder) || !this.#look(folder)!.isDirectory()) continue;
      this.#trees.add(folder);
      for (const name of readdirSync(folder)) {
        const entry = join(folder, name);
        const found = this.#check(entry, false);
        if (found.isDirectory()) folders.push(entry);
        if (!found.isSymbolicLink()) continue;
        const target = this.path(entry);
        if (target !== undefined) folders.push(target);
      }
    }
    return top;
  }

  /** `onTheWay`: of a folder that is only passed through, where the sticky bit keeps others off what is root's in it. */
  #check(path: string, onTheWay: boolean): Stats {
    const found = this.#look(path);
    if (found === undefined) throw new Distrust(`${path} has just gone`);
    const { uid, mode, dev } = found;
    if (uid !== 0) throw new Distrust(`${path} belongs to uid ${uid}`);
    if (found.isSymbolicLink()) return found;
    if (!found.isDirectory() && !found.isFile()) throw new Distrust(`${path} is neither a file nor a folder`);
    const kept = onTheWay && (mode & sticky) !== 0;
    if ((mode & othersMayWrite) !== 0 && !kept) throw new Distrust(`${path} can be written by others`);
    if (!this.#devices.has(dev)) this.#checkFileSystem(path, dev);
    return found;
  }

  #checkFileSystem(path: string, device: number): void {
    const type = statfsSync(path).type >>> 0;
    if (!honestFileSystems.has(type))
      throw new Distrust(
        `${path} is on a file system whose access rights cannot be told (type 0x${type.toString(16)})`,
      );
    this.#devices.add(device);
  }

  #look(path: string): Stats | undefined {
    if (!this.#looked.has(path)) {
      if (this.#looked.size > maxFiles) throw new Distrust(`there are more than ${maxFiles} files`);
      this.#looked.set(path, lstatSync(path, { throwIfNoEntry: false }));
    }
    return this.#looked.get(path);
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
