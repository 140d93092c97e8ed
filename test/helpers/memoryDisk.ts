import { basename, dirname } from 'node:path';
import type { FileLayer, FileStamp, Text } from '../../src/store/files.ts';

interface Inode {
  number: bigint;
  /** As programs see it. */
  text: string;
  /** What the disk surely has. */
  synced: string;
  modifiedNs: bigint;
}

/** The power went: whoever was writing learns nothing more. */
export class PowerCut extends Error {}

/**
 * A disk in memory that forgets what was not flushed. `cutAfter` lets so many steps pass, then every call fails with
 * `PowerCut`; `afterCut` then gives a disk with what a real one could have: names up to some step since the last flush
 * of their folder, and of texts that were not flushed any part.
 */
export class MemoryDisk {
  #names = new Map<string, Inode>();
  /** Names as they were after each step since the last flush of a folder; the first one is surely on the disk. */
  #history: Map<string, Inode>[] = [new Map()];
  #left = Infinity;
  #next = 1n;
  #ticks = 1n;
  steps = 0;
  exchanges = true;

  cutAfter(steps: number): void {
    this.#left = steps;
  }

  get isCut(): boolean {
    return this.#left <= 0;
  }

  text(path: string): string | undefined {
    return this.#names.get(path)?.text;
  }

  /** The disk as the next process finds it when the one before was killed: all that it had written is there. */
  afterKill(): MemoryDisk {
    return this.#copy(this.#names, (inode) => inode.text);
  }

  /** The disk when the power is back. `choose(n)` picks one of n possible outcomes. */
  afterCut(choose: (count: number) => number): MemoryDisk {
    return this.#copy(this.#history[choose(this.#history.length)] ?? new Map(), ({ text, synced }) => {
      const outcomes = outcomesOf(text, synced);
      return text === synced ? text : (outcomes[choose(outcomes.length)] ?? '');
    });
  }

  #copy(names: ReadonlyMap<string, Inode>, textOf: (inode: Inode) => string): MemoryDisk {
    const copy = new MemoryDisk();
    copy.exchanges = this.exchanges;
    copy.#next = this.#next;
    copy.#ticks = this.#ticks;
    for (const inode of new Set(names.values())) {
      const text = textOf(inode);
      const fresh = { ...inode, text, synced: text };
      for (const [name, at] of names) if (at === inode) copy.#names.set(name, fresh);
    }
    copy.#history = [new Map(copy.#names)];
    return copy;
  }

  /** An editor writes into the file that is there. */
  saveInPlace(path: string, text: string): void {
    const inode = this.#names.get(path);
    if (inode === undefined) return this.saveBySwap(path, text);
    inode.text = text;
    inode.modifiedNs = this.#ticks++;
  }

  /** An editor writes another file and renames it over. */
  saveBySwap(path: string, text: string): void {
    this.#names.set(path, this.#inode(text));
    this.#note();
  }

  readonly files: FileLayer = {
    create: async (path, given: Text) => {
      this.#step();
      if (this.#names.has(path)) throw fault('EEXIST', path);
      const text = typeof given === 'string' ? given : [...given].join('');
      const inode = this.#inode(text);
      this.#names.set(path, inode);
      this.#note();
      if (--this.#left > 0) return;
      inode.text = text.slice(0, Math.floor(text.length / 3));
      throw new PowerCut();
    },
    append: async (path, text) => {
      this.#step();
      const inode = this.#find(path);
      const whole = --this.#left > 0;
      inode.text += whole ? text : text.slice(0, Math.floor(text.length / 3));
      inode.modifiedNs = this.#ticks++;
      if (!whole) throw new PowerCut();
    },
    sync: async (path) => {
      this.#step();
      const inode = this.#find(path);
      inode.synced = inode.text;
    },
    syncFolder: async () => {
      this.#step();
      this.#history = [new Map(this.#names)];
    },
    rename: async (from, to) => {
      this.#step();
      this.#names.set(to, this.#find(from));
      this.#names.delete(from);
      this.#note();
    },
    exchange: async (one, other) => {
      this.#step();
      if (!this.exchanges) return false;
      const [first, second] = [this.#find(one), this.#find(other)];
      this.#names.set(one, second).set(other, first);
      this.#note();
      return true;
    },
    keepAs: async (from, to) => {
      this.#step();
      if (this.#names.has(to)) throw fault('EEXIST', to);
      this.#names.set(to, this.#find(from));
      this.#note();
    },
    remove: async (path) => {
      this.#step();
      this.#find(path);
      this.#names.delete(path);
      this.#note();
    },
    read: async (path) => {
      this.#step();
      return this.#names.get(path)?.text;
    },
    stamp: async (path): Promise<FileStamp | undefined> => {
      this.#step();
      const inode = this.#names.get(path);
      if (inode === undefined) return undefined;
      return { device: 1n, inode: inode.number, size: BigInt(inode.text.length), modifiedNs: inode.modifiedNs, uid: 0 };
    },
    makeFolder: async () => this.#step(),
    list: async (path) =>
      [...this.#names.keys()].filter((name) => dirname(name) === path).map((name) => basename(name)),
    resolve: async (path) => path,
  };

  #step(): void {
    if (this.#left <= 0) throw new PowerCut();
    this.#left -= 1;
    this.steps += 1;
    if (this.#left <= 0) throw new PowerCut();
  }

  #inode(text: string): Inode {
    return { number: this.#next++, text, synced: '', modifiedNs: this.#ticks++ };
  }

  #note(): void {
    this.#history.push(new Map(this.#names));
  }

  #find(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw fault('ENOENT', path);
    return inode;
  }
}

/** What the disk may have of a file that was not flushed: of what was appended, any part, or its length and zeros. */
function outcomesOf(text: string, synced: string): string[] {
  if (synced === '' || !text.startsWith(synced)) return [synced, text, text.slice(0, Math.floor(text.length / 2)), ''];
  const added = text.slice(synced.length);
  const half = added.slice(0, Math.floor(added.length / 2));
  return [synced, text, synced + half, synced + half + '\0'.repeat(added.length - half.length)];
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
