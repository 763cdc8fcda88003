import { isatty } from 'node:tty';
import cliProgress from 'cli-progress';
import { isInForeground } from '../terminal/foreground.js';
import { showsUnicode } from '../terminal/format.js';
import { LiveLine } from '../terminal/live-line.js';
import { STDERR, setLiveLine, stderrWriter } from '../terminal/stdio.js';
import { type Paint, painter } from '../terminal/style.js';
import type { RenderOptions } from './layout.js';
import { progressLine, RateHistory } from './line.js';
import type { Meter } from './stream.js';

/** Milliseconds between redraws. */
const REDRAW_INTERVAL = 100;

/** The width if neither the terminal nor COLUMNS gives one, and the largest width used. */
const DEFAULT_COLUMNS = 80;
const MAX_COLUMNS = 500;

/**
 * The progress line on the terminal. It is erased before Ctrl-Z stops the process, and not drawn in
 * the background.
 *
 * cli-progress only formats the bar. Its SingleBar redraws in several writes to `process.stderr`, which
 * block on a stopped terminal (Ctrl-S), and mixes with other messages. LiveLine redraws in one write
 * that never blocks.
 */
export class ProgressBar {
  readonly #paint: Paint;
  readonly #line = new LiveLine(stderrWriter(), columns);
  #timer: NodeJS.Timeout | undefined;

  private constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Loads everything in advance, so that nothing is loaded while data flows. */
  static async prepare(): Promise<ProgressBar> {
    return new ProgressBar(await painter('stderr'));
  }

  /** Starts to draw: all directions side by side, in one line. */
  start(meters: readonly Meter[]): void {
    const startedAt = performance.now();
    const tracks = meters.map((meter) => ({ meter, history: new RateHistory(startedAt) }));
    this.startDrawing((options) => progressLine(tracks, performance.now(), options));
  }

  /** Starts to draw whatever a function returns: a text that is narrower than the terminal. */
  startDrawing(render: (options: RenderOptions) => string): void {
    const unicode = showsUnicode();
    const [complete, incomplete] = unicode ? ['█', '░'] : ['#', '.'];
    const style = {
      barCompleteString: complete.repeat(MAX_COLUMNS),
      barIncompleteString: incomplete.repeat(MAX_COLUMNS),
      barGlue: '',
    };
    const bar = (share: number, barsize: number): string =>
      cliProgress.Format.BarFormat(share, { ...style, barsize });
    const draw = (): void => {
      if (!isatty(STDERR) || isInForeground()) {
        this.#line.draw(render({ width: columns(), unicode, paint: this.#paint, bar }));
      }
    };
    setLiveLine(this.#line);
    process.on('SIGTSTP', this.#onSuspend);
    this.#timer = setInterval(draw, REDRAW_INTERVAL);
    draw();
  }

  /** Erases the line and stops. */
  stop(): void {
    if (this.#timer === undefined) {
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#line.erase();
    setLiveLine(undefined);
    process.off('SIGTSTP', this.#onSuspend);
  }

  /** Erases the line, then stops the process as the signal would without a handler. */
  readonly #onSuspend = (): void => {
    this.#line.erase();
    process.off('SIGTSTP', this.#onSuspend);
    process.kill(process.pid, 'SIGTSTP');
    // This runs when the process continues.
    setImmediate(() => {
      if (this.#timer !== undefined) {
        process.on('SIGTSTP', this.#onSuspend);
      }
    });
  };
}

/** The width. `process.stderr` is used for a terminal only: loading it makes a pipe non-blocking. */
function columns(): number {
  const width = isatty(STDERR) ? process.stderr.getWindowSize()[0] : Number(process.env['COLUMNS']);
  return Math.min(width || DEFAULT_COLUMNS, MAX_COLUMNS);
}
