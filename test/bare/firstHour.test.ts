import { afterEach, expect, test } from 'vitest';
import { openBareRoot } from '../helpers/bareRoot.ts';
import type { BareCommand, BareRoot, StockNode } from '../helpers/bareRoot.ts';
import { freePort } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** The first hour of somebody with a fresh machine: what the README says, as it says it, with every stock Node. */
let root: BareRoot | undefined;
afterEach(() => root?.close());

const nodes: readonly (readonly [node: StockNode, npm: string])[] = [
  ['18', '9'],
  ['20', '10.8'],
  ['22', '10.9'],
  ['24', '11'],
];
/** The quick tests with each of them take long: `npm run test:slow`. */
const withQuickTests = process.env['CYLC_GATEWAY_TEST_SLOW'] === undefined ? ['18'] : ['18', '20', '22', '24'];
const minutes = 60_000;

describeWith(['bareRoot'], 'on a bare Debian 12, as an ordinary user', () => {
  test.each(nodes)(
    'Node %s with npm %s: npm ci && npm start end in a signed-in page with a started server',
    async (node, npm) => {
      root = openBareRoot(node);
      const versions = root.run('node --version && npm --version');
      expect(await versions.ended, versions.output()).toBe(0);
      expect(versions.output()).toMatch(new RegExp(`^v${node}\\.\\S+\\n${npm.replace('.', '\\.')}\\.`));

      const port = await freePort();
      const command = root.run(`npm ci && npm start -- --port ${port}`);
      await until(
        () => /Ctrl-C/.test(command.output()) || command.child.exitCode !== null,
        8 * minutes,
        () => command.output(),
      );
      await visit(command, port);
      command.child.kill('SIGKILL');
      await command.ended;

      if (!withQuickTests.includes(node)) return;
      const tests = root.run('npm run test:quick && echo "left in /tmp: $(ls -A /tmp)"');
      expect(await tests.ended, tests.output().slice(-10_000)).toBe(0);
      expect(tests.output()).toMatch(/[1-9]\d{2,} passed, 0 failed/);
      // What npm itself keeps of its own code.
      expect(tests.output()).toMatch(/^left in \/tmp: (?:node-compile-cache)?$/m);
    },
    20 * minutes,
  );

  test(
    'the recipe for production builds, has all that sign-in needs, and starts where nothing can be written',
    async () => {
      root = openBareRoot('20');
      const recipe = root.run('npm ci && npm run build && npm prune --omit=dev && npx cylc-gateway check --json');
      await recipe.ended;
      expect(recipe.output()).toMatch(/"check": ?"Libraries",\s*"outcome": ?"ok"/);
      expect(recipe.output()).not.toMatch(/"check": ?"Node",\s*"outcome": ?"fault"/);

      const port = await freePort();
      // A checkout also counts as written to by a later `git pull`: what cannot be built anew is started as it is.
      const closed = 'touch src/main.ts && chmod -R a-w .';
      const command = root.run(`${closed} && npm start -- --port ${port} --data /home/ann/data`);
      await until(
        () => /Ctrl-C/.test(command.output()) || command.child.exitCode !== null,
        2 * minutes,
        () => command.output(),
      );
      expect(command.output()).toContain('development packages are not installed');
      await visit(command, port);
    },
    20 * minutes,
  );
});

async function visit(command: BareCommand, port: number): Promise<void> {
  const link = /^ +ann +(http\S+link=\S+)$/m.exec(command.output())?.[1];
  expect(link, command.output()).toBeDefined();
  const visitor = new Visitor(`http://localhost:${port}`);
  expect((await visitor.submit(await visitor.get(link ?? ''))).status).toBe(200);
  await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
  await until(
    async () => (await visitor.get('/user/ann/')).body.includes('stand-in'),
    minutes,
    () => command.output(),
  );
  expect((await visitor.get('/hub/home')).body).toContain('/user/ann/');
}
