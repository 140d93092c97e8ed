import { defineConfig } from 'vitest/config';

/** One project per kind of test; the heavy ones (real Cylc, Chromium, workerd) run one file at a time. */
const oneAtATime = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    reporters: ['default', './test/helpers/skipReporter.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.{ts,tsx}'] } },
      { extends: true, test: { name: 'node', include: ['test/node/**/*.test.ts'], testTimeout: 30_000 } },
      {
        extends: true,
        test: {
          name: 'gateway',
          include: ['test/gateway/**/*.test.ts'],
          globalSetup: './test/helpers/build.ts',
          ...oneAtATime,
        },
      },
      { extends: true, test: { name: 'hostile', include: ['test/hostile/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: 'edge',
          include: ['test/edge/**/*.test.ts'],
          globalSetup: './test/helpers/build.ts',
          ...oneAtATime,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: './test/helpers/build.ts',
          ...oneAtATime,
        },
      },
      {
        extends: true,
        test: {
          name: 'cylc',
          include: ['test/cylc/**/*.test.ts'],
          globalSetup: './test/helpers/build.ts',
          ...oneAtATime,
        },
      },
    ],
  },
});
