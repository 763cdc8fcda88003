import { type RunnerTestCase, TestRunner } from 'vitest';

/** How long a test may take, in ticks of a timer. */
const MAX_TICKS = 250;

/** The period of that timer in milliseconds. */
const TICK = 20;

/**
 * Fails a test that hangs, which many mutants cause. Counts ticks instead of the time: on a busy
 * machine, a process that waits for the processor gets fewer of them.
 */
export default class HangDetector extends TestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hang = new Promise<never>((_, reject) => {
      let ticks = 0;
      timer = setInterval(() => {
        ticks += 1;
        if (ticks === MAX_TICKS) {
          reject(new Error('the test hangs'));
        }
      }, TICK);
    });
    try {
      await Promise.race([TestRunner.getTestFn(test)(), hang]);
    } finally {
      clearInterval(timer);
    }
  }
}
