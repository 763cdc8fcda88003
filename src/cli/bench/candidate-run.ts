import { CliError } from '../errors/cli-error.js';
import { binarySize, countOf } from '../terminal/format.js';
import { inRun } from './failure.js';
import type { Measurement, RunPlan } from './measure.js';
import type { Sample, Setting } from './search.js';

/** The shortest run in milliseconds. */
const MIN_RUN = 20;

/** The longest run that warms up, in milliseconds: enough for the JIT compiler. */
const MAX_WARM_UP = 100;

/** How often a run without data is repeated, and how long at least, in milliseconds. */
const REPEATS = 3;
const REPEAT_TIME = 500;

/** `8 x 64.0 KiB` */
export function settingText({ depth, transferSize }: Setting): string {
  return `${depth} x ${binarySize(transferSize)}`;
}

/** Runs the candidates of `usbxfer tune`, and counts what they read. */
export class CandidateRunner {
  /** Bytes that were read, all of which are gone. */
  bytes = 0;
  /** Runs that received no data, and were repeated. */
  silentRuns = 0;
  readonly #read: (plan: RunPlan) => Promise<Measurement>;
  readonly #duration: number;
  #hasRun = false;

  /**
   * @param read measures one run
   * @param duration milliseconds of a run; at least 20 are used
   */
  constructor(read: (plan: RunPlan) => Promise<Measurement>, duration: number) {
    this.#read = read;
    this.#duration = Math.max(MIN_RUN, duration);
  }

  /**
   * Does a short run that does not count: it compiles the code and fills the pools.
   *
   * @throws CliError if it fails; receiving no data is no failure here
   */
  async warmUp(setting: Setting): Promise<void> {
    const duration = Math.min(this.#duration, MAX_WARM_UP);
    await this.#once({ ...setting, duration }, `warm-up, ${settingText(setting)}`);
  }

  /**
   * Measures a candidate. A run without data is repeated a few times.
   *
   * @param round its number, from 1
   * @throws CliError if a run fails, or the device stays silent
   */
  async measure(setting: Setting, round: number): Promise<Sample> {
    const where = `round ${round}, ${settingText(setting)}`;
    let silence = 0;
    for (let repeat = 0; repeat <= REPEATS; repeat += 1) {
      const duration = repeat === 0 ? this.#duration : Math.max(this.#duration, REPEAT_TIME);
      const startedAt = performance.now();
      const run = await this.#once({ ...setting, duration }, where);
      if (run !== undefined) {
        return { ...run, longestInterval: run.intervals.max, cpu: run.cpu / run.seconds };
      }
      this.silentRuns += 1;
      silence += performance.now() - startedAt;
    }
    throw new CliError(
      'idle',
      `${where}: the device sent nothing in ${REPEATS + 1} runs, ${(silence / 1000).toFixed(1)} s in all`,
      {
        advice:
          this.bytes > 0
            ? `the device sent ${countOf(this.bytes, 'byte')} before; usbxfer reset restarts a device that hangs`
            : 'start the device first, or check --ep',
      },
    );
  }

  /** Returns undefined if no data was received. */
  async #once(plan: Setting & RunPlan, where: string): Promise<Measurement | undefined> {
    try {
      const run = await this.#read(plan);
      this.bytes += run.bytes;
      this.#hasRun = true;
      return run;
    } catch (error) {
      if (error instanceof CliError && error.code === 'idle') {
        return undefined;
      }
      throw inRun(error, where, !this.#hasRun);
    }
  }
}
