#!/usr/bin/env node
/**
 * Entry: hands argv to cli/, nothing else. It has no static import, so that a Node too old for the rest still gets as
 * far as saying so.
 */
const oldestNode = 24;

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  console.error(
    `cylc-gateway needs Node ${oldestNode} or newer; this is ${process.version}.\n` +
      'Run it by `npm start` (npm ci brings a Node that fits), or put a newer Node first on the PATH.',
  );
  process.exitCode = 69;
} else {
  const { run } = await import('./cli/program.ts');
  await run(process.argv);
}

export {};
