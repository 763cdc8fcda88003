import type { Statistics } from '../../engine/stats/statistics.js';
import type { ProgressBar } from '../progress/bar.js';
import { barPiece, ECHO, layOut, type RenderOptions } from '../progress/layout.js';
import { showsProgress } from '../progress/visibility.js';
import { binarySize, clock } from '../terminal/format.js';

/** The options that say whether to show progress. */
export interface ProgressOptions {
  readonly progress: 'auto' | 'always' | 'never';
  readonly quiet?: true;
}

/** What is measured at the moment. */
export interface Step {
  /** Such as `run 2 of 5`, and what the run measures, if that changes. */
  readonly name: string;
  readonly subject?: string;
  /** Returns the share of the whole measurement that is done, 0 to 1, from the statistics of the run. */
  readonly share: (run: Statistics | undefined, now: number) => number;
}

/** The line for a step: what is measured, the rate of the run so far, and when the measurement ends. */
export function stepText(
  { name, subject, share }: Step,
  run: Statistics | undefined,
  { now, startedAt }: { readonly now: number; readonly startedAt: number },
  options: RenderOptions,
): string {
  const done = Math.min(1, Math.max(0, share(run, now)));
  const seconds = run?.secondsAt(now) ?? 0;
  const rate = run && seconds > 0 ? run.bytesMoved / seconds : 0;
  const left = done > 0 ? clock(((now - startedAt) / 1000) * (1 / done - 1)) : '-';
  const pieces = [
    { text: name, rank: 0 },
    barPiece(done, options),
    ...(subject === undefined ? [] : [{ text: subject, rank: 1 }]),
    { text: `${binarySize(rate)}/s`, rank: 2 },
    { text: `left ${left}`, rank: 3 },
  ];
  return layOut(pieces, { ...options, width: options.width - ECHO.length });
}

/** The progress of a measurement in one line on the terminal, if it is shown. */
export class LiveProgress {
  readonly #bar: ProgressBar | undefined;
  readonly #startedAt = performance.now();
  #step: Step | undefined;
  #run: Statistics | undefined;

  private constructor(bar: ProgressBar | undefined) {
    this.#bar = bar;
    bar?.startDrawing((options) => {
      const times = { now: performance.now(), startedAt: this.#startedAt };
      return this.#step === undefined ? '' : stepText(this.#step, this.#run, times, options);
    });
  }

  /** Shows the progress if it is wanted, until `stop`. Loads the code for it only then. */
  static async start({ progress, quiet }: ProgressOptions): Promise<LiveProgress> {
    const files = { input: undefined, output: undefined, json: undefined };
    if (!showsProgress({ ...files, progress, quiet: quiet === true })) {
      return new LiveProgress(undefined);
    }
    const { ProgressBar } = await import('../progress/bar.js');
    return new LiveProgress(await ProgressBar.prepare());
  }

  /** Shows another step. */
  show(step: Step): void {
    this.#step = step;
    this.#run = undefined;
  }

  /** Shows the statistics of a run, for `Subject.onStart`. */
  readonly onStart = (run: Statistics): void => {
    this.#run = run;
  };

  /** Erases the line. */
  stop(): void {
    this.#bar?.stop();
  }
}
