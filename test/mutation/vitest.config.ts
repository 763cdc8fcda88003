import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The tests that replace system calls or timers need a process of their own. */
const ISOLATED = ['test/unit/engine/io/**/*.test.ts', 'test/unit/engine/session/duplex.test.ts'];

/** Runs the quick files first: they kill most mutants. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification): number =>
      ['.property.', '/session/', '/device/', '/'].findIndex((part) => moduleId.includes(part));
    return [...files].sort((a, b) => cost(b) - cost(a));
  }
}

/** Runs the tests in processes. Stryker asks for threads, but only a process owns file descriptors. */
const processes = {
  name: 'processes',
  configureVitest: ({ project }: { project: { config: { pool: string } } }): void => {
    project.config.pool = 'forks';
  },
};

const shared = {
  setupFiles: ['test/mutation/setup.ts'],
  runner: 'test/mutation/runner.ts',
  testTimeout: 60_000,
};

export default defineConfig({
  plugins: [processes],
  test: {
    sequence: { sequencer: QuickFirst },
    projects: [
      {
        plugins: [processes],
        test: {
          ...shared,
          name: 'rest',
          include: ['test/unit/engine/**/*.test.ts', 'test/unit/usb/**/*.test.ts'],
          exclude: ISOLATED,
          isolate: false, // one process for all files
        },
      },
      {
        plugins: [processes],
        test: { ...shared, name: 'isolated', include: ISOLATED },
      },
    ],
  },
});
