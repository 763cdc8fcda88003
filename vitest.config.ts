import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const kernelTests = 'test/kernel/**/*.test.ts';
const [major] = process.versions.node.split('.');

/** Files that replace modules, themselves or through test/support/run-command.ts. */
const replacing = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((file) => /\bvi\.mock\(|\/run-command\.js'/.test(readFileSync(file, 'utf8')));

// Many tests wait for a process or a timer and leave their CPU to others.
const host = { testTimeout: 30_000, maxWorkers: availableParallelism() + 2 };

/** Starts the longest files first, so that the workers end at about the same time. */
class LongestFirst extends BaseSequencer {
  static readonly #longest = [
    'docs/readme.test.ts',
    'docs/recipes.test.ts',
    'contract/virtual.test.ts',
    'process/progress.test.ts',
    'browser/plot.test.ts',
    'completion/shells.test.ts',
    'kernel/contract.test.ts',
    'kernel/usbip-contract.test.ts',
    'kernel/testusb.test.ts',
    'kernel/write.test.ts',
  ];

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LongestFirst.#longest.some((name) => moduleId.endsWith(`/${name}`));
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
        // These files share the modules of src: to load them for each file takes longer than most tests.
        test: {
          ...host,
          name: 'host',
          include: ['test/**/*.test.ts'],
          exclude: [kernelTests, ...replacing],
          isolate: false,
        },
      },
      {
        test: { ...host, name: 'host-isolated', include: replacing, exclude: [kernelTests] },
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
