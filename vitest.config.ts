import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const kernelTests = 'test/kernel/**/*.test.ts';
const [major] = process.versions.node.split('.');

/** Starts the longest files first, so that the workers end at about the same time. */
class LongestFirst extends BaseSequencer {
  static readonly #longest = ['contract.test.ts', 'testusb.test.ts'];

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LongestFirst.#longest.some((name) => moduleId.endsWith(`/kernel/${name}`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // In CI the results are summed up over several runs (.ci/sum.js).
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: `build/tests-node${major}.json` }]]
      : ['default'],
    sequence: { sequencer: LongestFirst },
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
          // A guest for each worker.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
        },
      },
    ],
  },
});
