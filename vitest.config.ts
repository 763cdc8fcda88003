import { defineConfig } from 'vitest/config';

const kernelTests = 'test/kernel/**/*.test.ts';
const [major] = process.versions.node.split('.');

export default defineConfig({
  test: {
    // In CI the results are summed up over several runs (.ci/sum.js).
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: `build/tests-node${major}.json` }]]
      : ['default'],
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
