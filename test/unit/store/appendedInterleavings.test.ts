import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryDisk } from '../../helpers/memoryDisk.ts';
import { openState } from '../../helpers/storeCuts.ts';

/**
 * What may happen to the document that is appended to, in any order: a record is set, or removed (and the disk waited
 * for, or not); the gateway is killed, or the power cut, some steps into a write; it is stopped; and started again.
 */
const key = fc.nat(4).map((n) => `k${n}`);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), key, wait: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key, wait: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill' as const), after: fc.nat(20), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), after: fc.nat(20), key, seed: fc.nat(999) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Choices = Record<string, { n: number }>;

class World {
  disk = new MemoryDisk();
  store!: Awaited<ReturnType<typeof openState>>;
  /** Every state that memory has had, and the first of them that may come up: the last acknowledged one. */
  states: string[] = ['{}'];
  least = 0;

  async begin(): Promise<void> {
    this.store = await openState(this.disk);
    const now = this.now();
    expect(this.states.slice(this.least), 'the last acknowledged state, or a later one').toContain(now);
    this.states = [now];
    this.least = 0;
  }

  now(): string {
    const entries = Object.entries(this.store.data.choices as Choices).sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify(Object.fromEntries(entries));
  }

  async change(name: string, value: { n: number } | undefined, wait: boolean): Promise<void> {
    const done = this.store.update((draft) => {
      if (value === undefined) delete draft.choices[name];
      else draft.choices[name] = value;
    });
    this.states.push(this.now());
    const at = this.states.length - 1;
    const states = this.states;
    const told = done.then(
      () => states === this.states && (this.least = Math.max(this.least, at)),
      () => undefined,
    );
    if (wait) await told;
  }

  async run(one: Step, count: number): Promise<void> {
    if (one.do === 'set') return this.change(one.key, { n: count }, one.wait);
    if (one.do === 'remove') return this.change(one.key, undefined, one.wait);
    if (one.do !== 'stop') this.disk.cutAfter(one.after);
    if (one.do === 'stop') await this.store.close();
    else await this.change(one.key, { n: count }, true);
    const dead = this.store;
    this.disk.cutAfter(0);
    const seeds = one.do === 'cut' ? one.seed : 0;
    const next = one.do === 'cut' ? this.disk.afterCut((outcomes) => seeds % outcomes) : this.disk.afterKill();
    await dead.close().catch(() => undefined);
    this.disk = next;
    await this.begin();
  }
}

test('whatever the order, the last acknowledged state comes up, or a later one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const world = new World();
      await world.begin();
      for (const [count, one] of steps.entries()) await world.run(one, count);
      await world.store.close();
      world.least = world.states.length - 1;
      await world.begin();
    }),
    { numRuns: 300 },
  );
}, 60_000);
