import { defineConfig } from 'vitest/config';

const runFolder = './test/helpers/runFolder.ts';
/** The heavy ones (real Cylc, Chromium, workerd) run the built program, one file at a time. */
const heavy = {
  globalSetup: [runFolder, './test/helpers/build.ts'],
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

/** One project per kind of test. */
export default defineConfig({
  test: {
    reporters: ['default', './test/helpers/skipReporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.{ts,tsx}'], globalSetup: runFolder, testTimeout: 30_000 },
      },
      {
        extends: true,
        test: { name: 'node', include: ['test/node/**/*.test.ts'], globalSetup: runFolder, testTimeout: 90_000 },
      },
      {
        extends: true,
        test: {
          name: 'gateway',
          include: ['test/gateway/**/*.test.ts'],
          ...heavy,
        },
      },
      {
        extends: true,
        test: { name: 'hostile', include: ['test/hostile/**/*.test.ts'], globalSetup: runFolder, testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: 'edge',
          include: ['test/edge/**/*.test.ts'],
          ...heavy,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          ...heavy,
        },
      },
      {
        extends: true,
        test: {
          name: 'bare',
          include: ['test/bare/**/*.test.ts'],
          ...heavy,
        },
      },
      {
        extends: true,
        test: {
          name: 'cylc',
          include: ['test/cylc/**/*.test.ts'],
          ...heavy,
        },
      },
    ],
  },
});
