import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { inject, type RunnerTestCase, type RunnerTestSuite, TestRunner, vi } from 'vitest';

/** The test that runs the others. */
export const SERVE = 'serve';

declare module 'vitest' {
  interface ProvidedContext {
    /** The test files of this process, as absolute paths. */
    files: string[];
    /** The Unix socket of the Stryker plugin. */
    socket: string;
  }
}

/**
 * What the plugin asks for: to run all of these tests, or until one fails with a mutant. Each has its
 * usual duration in milliseconds.
 */
interface Request {
  readonly tests: readonly { readonly id: string; readonly duration: number }[];
  readonly mutant?: string;
  readonly hitLimit?: number;
}

/** The result of a test. It has not failed if there is no failure. */
interface Result {
  readonly id: string;
  /** Milliseconds in which the process worked or slept, not those in which it waited for a processor. */
  readonly duration: number;
  readonly failure?: string;
}

interface Reply {
  readonly results: readonly Result[];
  /** Whether the mutant ran so often that it must be in an endless loop. */
  readonly isEndless: boolean;
  /** Whether the last test fails without the mutant, too, or not again with it. */
  readonly isDisturbed: boolean;
  /** Whether tests that hang keep the process busy. */
  readonly isBusy: boolean;
  readonly coverage: unknown;
}

/** The interface of the code that Stryker instruments. */
interface Instrumentation {
  activeMutant: string | undefined;
  currentTestId: string | undefined;
  hitCount: number | undefined;
  hitLimit: number | undefined;
  mutantCoverage?: unknown;
}

const global = globalThis as unknown as { __stryker__?: Instrumentation };
global.__stryker__ ??= {} as Instrumentation;
const instrumentation = global.__stryker__;

/** The period of the timer that measures how long a test takes, in milliseconds. */
const TICK = 20;

/** A test hangs after this many ticks, and three times its usual duration. */
const MIN_TICKS = 25;

const HANGS = 'the test hangs';

// The tests replace these.
const { setInterval, clearInterval, setTimeout } = globalThis;
const utilization = performance.eventLoopUtilization.bind(performance);

type Task = RunnerTestCase | RunnerTestSuite;

/**
 * Keeps a process with all of its tests loaded, and runs those that the plugin asks for. Thus a mutant
 * costs only the time of its tests.
 */
export default class ResidentRunner extends TestRunner {
  readonly #tests = new Map<string, RunnerTestCase>();
  /** The failure of the current test outside of its function: an exception that nobody caught. */
  #uncaught: string | undefined;

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    if (test.name !== SERVE) {
      test.mode = 'skip';
    }
    await super.onBeforeRunTask(test);
  }

  async runTask(serve: RunnerTestCase): Promise<void> {
    for (const suite of serve.file.tasks) {
      this.#find(suite, []);
    }
    const onError = (error: unknown): void => {
      this.#uncaught ??= `uncaught: ${error}`;
    };
    process.on('uncaughtException', onError).on('unhandledRejection', onError);
    const socket = connect(inject('socket'));
    const beat = setInterval(() => socket.write('{}\n'), 500); // the process is alive
    socket.write(`${JSON.stringify({ pid: process.pid, tests: [...this.#tests.keys()] })}\n`);
    createInterface({ input: socket }).on('line', async (line) => {
      const reply = await this.#serve(JSON.parse(line));
      Object.assign(serve, { onFinished: [] }); // expect() appends to it
      socket.write(`${JSON.stringify(reply)}\n`);
    });
    await once(socket, 'close');
    clearInterval(beat);
  }

  /** Finds the tests below a suite, and names each by its file and its name. */
  #find(task: Task, path: readonly string[]): void {
    if (task.type === 'suite') {
      for (const child of task.tasks) {
        this.#find(child as Task, [...path, task.name]);
      }
    } else if (path.length > 0) {
      const [file, ...names] = [...path, task.name];
      const name = `${file}#${names.join(' ')}`;
      let id = name;
      for (let count = 2; this.#tests.has(id); count += 1) {
        id = `${name} (${count})`;
      }
      this.#tests.set(id, task);
    }
  }

  async #serve({ tests, mutant, hitLimit }: Request): Promise<Reply> {
    const results: Result[] = [];
    let isDisturbed = false;
    instrumentation.hitCount = mutant === undefined ? undefined : 0;
    instrumentation.hitLimit = hitLimit;
    const isEndless = (): boolean => (instrumentation.hitCount ?? 0) > (hitLimit ?? Infinity);
    for (const { id, duration } of tests) {
      const run = (active?: string): Promise<Result> => this.#run(id, duration, active);
      const result = await run(mutant);
      results.push(result);
      if (mutant !== undefined && (isEndless() || result.failure !== undefined)) {
        isDisturbed = await isDisturbedBy(run, mutant, result);
        break;
      }
    }
    const { mutantCoverage: coverage } = instrumentation;
    const isBusy = results.at(-1)?.failure === HANGS && (await staysBusy());
    return { results, isEndless: isEndless(), isDisturbed, isBusy, coverage };
  }

  /** Runs a test with its hooks. The mutant is active only for this time. */
  async #run(id: string, usual: number, mutant: string | undefined): Promise<Result> {
    const test = this.#tests.get(id);
    if (test === undefined) {
      throw new Error(`there is no test ${id}`);
    }
    const suites: RunnerTestSuite[] = [];
    for (let { suite } = test; suite !== undefined; { suite } = suite) {
      suites.unshift(suite);
    }
    this.#uncaught = undefined;
    let failure: string | undefined;
    const attempt = async (action: () => unknown): Promise<void> => {
      try {
        await action();
      } catch (error) {
        failure ??= String(error);
      }
    };
    const maxTicks = MIN_TICKS + (3 * usual) / TICK;
    const { idle } = utilization();
    const cpu = process.cpuUsage();
    instrumentation.currentTestId = mutant === undefined ? id : undefined;
    instrumentation.activeMutant = mutant;
    await attempt(async () => {
      this.onBeforeTryTask(test);
      for (const suite of suites) {
        for (const hook of TestRunner.getSuiteHooks(suite).beforeEach) {
          await hook(test.context, suite);
        }
      }
      await untilHang(TestRunner.getTestFn(test)(), maxTicks);
    });
    for (const suite of suites.reverse()) {
      for (const hook of TestRunner.getSuiteHooks(suite).afterEach.toReversed()) {
        await attempt(() => untilHang(hook(test.context, suite), maxTicks));
      }
    }
    await new Promise(setImmediate); // an unhandled rejection is reported by then
    instrumentation.activeMutant = undefined;
    instrumentation.currentTestId = undefined;
    if (failure !== undefined) {
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
    failure ??= this.#uncaught;
    const { user, system } = process.cpuUsage(cpu);
    const duration = (user + system) / 1000 + utilization().idle - idle;
    return failure === undefined ? { id, duration } : { id, duration, failure };
  }
}

/** Returns whether a failure has another cause than the mutant: an earlier test, or a late timer. */
async function isDisturbedBy(
  run: (mutant?: string) => Promise<Result>,
  mutant: string,
  { failure }: Result,
): Promise<boolean> {
  const { hitCount } = instrumentation;
  const mayBeRandom = failure !== undefined && failure !== HANGS;
  const isRandom = mayBeRandom && !(await run(mutant)).failure;
  instrumentation.hitCount = undefined;
  const { failure: without } = await run();
  instrumentation.hitCount = hitCount;
  return without !== undefined || isRandom;
}

/** Returns whether the process works although it has nothing to do. */
async function staysBusy(): Promise<boolean> {
  const before = utilization();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return utilization(before).utilization > 0.7;
}

/**
 * Rejects if a test hangs, which many mutants cause. Counts ticks instead of the time: on a busy
 * machine, a process that waits for the processor gets fewer of them.
 */
async function untilHang(test: unknown, maxTicks: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    let ticks = 0;
    timer = setInterval(() => {
      ticks += 1;
      if (ticks >= maxTicks) {
        reject(HANGS);
      }
    }, TICK);
  });
  try {
    await Promise.race([test, hang]);
  } finally {
    clearInterval(timer);
  }
}
