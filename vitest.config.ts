import { defineConfig } from 'vitest/config';

const kernelTests = 'test/kernel/**/*.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'host',
          include: ['test/**/*.test.ts'],
          exclude: [kernelTests],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: [kernelTests],
          globalSetup: 'test/kernel/lab/setup.ts',
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
