import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AdminData } from '../../../src/store/schema.ts';
import type { MemoryDisk } from '../../helpers/memoryDisk.ts';
import { MemoryDisk as Disk } from '../../helpers/memoryDisk.ts';
import { adminPath, openAdmin } from '../../helpers/storeCuts.ts';

/**
 * What may happen, in any order: the program adds an account (and waits for the disk, or not); a person opens the file,
 * or saves what was opened with an account of their own (in place or by a swap), or saves something broken, or mends
 * it; the gateway is killed and started again.
 */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), wait: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('save' as const), swap: fc.boolean(), look: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), after: fc.nat(25) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class World {
  disk: MemoryDisk = new Disk();
  store!: Awaited<ReturnType<typeof openAdmin>>;
  opened = '';
  written = 0;
  saved = 0;
  /** Names that must be there in the end. */
  acknowledged = new Set<string>();

  async begin(): Promise<void> {
    this.store = await openAdmin(this.disk);
    await this.store.file.look();
    this.open();
  }

  open(): void {
    const text = this.disk.text(adminPath) ?? '';
    // What is broken is not edited further: the person takes the last good text that was opened.
    if (text.endsWith('}\n') || text.endsWith('}')) this.opened = text;
  }

  async run(one: Step): Promise<void> {
    if (one.do === 'write') await this.write(one.wait);
    else if (one.do === 'open') this.open();
    else if (one.do === 'save') await this.save(one.swap, one.look);
    else if (one.do === 'break') this.disk.saveInPlace(adminPath, this.opened.slice(0, -20));
    else await this.kill(one.after);
  }

  async write(wait: boolean): Promise<void> {
    const name = `p${this.written++}`;
    const done = this.store.document.update((draft) => void (draft.accounts[name] = {}));
    const told = done.then(
      () => void this.acknowledged.add(name),
      () => undefined,
    );
    if (wait) await told;
  }

  async save(swap: boolean, look: boolean): Promise<void> {
    const name = `h${this.saved++}`;
    const data = JSON.parse(this.opened) as AdminData;
    data.accounts[name] = { note: 'by hand' };
    this.opened = JSON.stringify(data);
    if (swap) this.disk.saveBySwap(adminPath, this.opened);
    else this.disk.saveInPlace(adminPath, this.opened);
    if (!look) return;
    await this.store.file.look();
    this.acknowledged.add(name);
  }

  /** SIGKILL in the middle of a write; what an editor had saved is on the disk. */
  async kill(after: number): Promise<void> {
    this.disk.cutAfter(after);
    await this.write(true);
    const dead = this.store.document;
    this.disk.cutAfter(0);
    this.disk = this.disk.afterKill();
    await dead.close().catch(() => undefined);
    await this.begin();
  }
}

test('nothing that was acknowledged is lost, and no invalid state comes up, whatever the order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      // Files are exchanged here: without that (NFS) a save between a look and a rename is lost, as docs/store.md says.
      const world = new World();
      await world.begin();
      for (const one of steps) await world.run(one);
      // The person mends what is broken, and everything comes to rest.
      if (world.store.file.refused !== undefined || world.disk.text(adminPath)?.endsWith('}') === false)
        await world.save(false, true);
      await world.store.document.close();
      const names = Object.keys((await openAdmin(world.disk)).document.data.accounts);
      expect([...world.acknowledged].filter((name) => !names.includes(name))).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
