import { defineConfig } from 'vitest/config';

/** Each process has the test files that the Stryker plugin provides (plugin.js). */
export default defineConfig({
  test: {
    include: ['test/mutation/entry.ts'],
    setupFiles: ['test/mutation/setup.ts'],
    runner: 'test/mutation/runner.ts',
    pool: 'forks', // only a process owns file descriptors
    maxWorkers: 1,
    isolate: false,
    testTimeout: 0, // runner.ts finds tests that hang
    disableConsoleIntercept: true,
    reporters: [{}],
  },
});
