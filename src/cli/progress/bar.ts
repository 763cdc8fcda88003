import { isatty } from 'node:tty';
import cliProgress, { type SingleBar as Bar } from 'cli-progress';
import { isInForeground } from '../terminal/foreground.js';
import { showsUnicode } from '../terminal/format.js';
import { TerminalLine } from '../terminal/live-line.js';
import { keepClearOf, STDERR, stderrMessages } from '../terminal/stdio.js';
import { type Paint, painter } from '../terminal/style.js';
import { progressLine, RateHistory } from './line.js';
import type { Meter } from './stream.js';

const { Format, SingleBar } = cliProgress;

/** Redraws in a second, at the most. */
const REDRAWS = 10;

/** Columns of what is no terminal, if COLUMNS does not say; and the most that are used. */
const USUAL_COLUMNS = 80;
const MOST_COLUMNS = 500;

/**
 * The line on the terminal that says how data gets on. cli-progress keeps time and draws the
 * bar; what it draws on leaves nothing behind, and never waits for a terminal that is stuck.
 *
 * Ctrl-Z takes the line away before the process stops. In the background nothing is drawn.
 */
export class Progress {
  readonly #paint: Paint;
  readonly #line = new TerminalLine(stderrMessages(), columns);
  #bar: Bar | undefined;

  private constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Loads all that it takes, so that nothing has to be loaded while data flows. */
  static async prepare(): Promise<Progress> {
    return new Progress(await painter('stderr'));
  }

  /** Draws from here on, until `stop`: several directions side by side. */
  start(meters: readonly Meter[]): void {
    const begun = performance.now();
    const tracks = meters.map((meter) => ({ meter, history: new RateHistory(begun) }));
    const unicode = showsUnicode();
    const options = {
      fps: REDRAWS,
      barsize: USUAL_COLUMNS,
      ...(unicode
        ? { barCompleteChar: '█', barIncompleteChar: '░' }
        : { barCompleteChar: '#', barIncompleteChar: '.' }),
      clearOnComplete: true,
      gracefulExit: false,
      forceRedraw: true, // the line knows when there is nothing to draw
      terminal: drawingOn(this.#line),
      format: (chars: object): string => {
        const bar = (share: number, size: number): string =>
          Format.BarFormat(share, { ...chars, barsize: size });
        const looks = { width: columns(), unicode, paint: this.#paint, bar };
        return progressLine(tracks, performance.now(), looks);
      },
    };
    keepClearOf(this.#line);
    process.on('SIGTSTP', this.#onSuspend);
    this.#bar = new SingleBar(options);
    this.#bar.start(1, 0);
  }

  /** Takes the line away. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    keepClearOf(undefined);
    process.off('SIGTSTP', this.#onSuspend);
  }

  /** Stops the process as the signal would have, had nobody listened. */
  readonly #onSuspend = (): void => {
    this.#line.erase();
    process.off('SIGTSTP', this.#onSuspend);
    process.kill(process.pid, 'SIGTSTP');
    setImmediate(() => {
      // It is continued.
      if (this.#bar !== undefined) {
        process.on('SIGTSTP', this.#onSuspend);
      }
    });
  };
}

/** What cli-progress asks of a terminal. */
function drawingOn(line: TerminalLine) {
  const nothing = (): void => {};
  return {
    isTTY: () => true,
    getWidth: columns,
    write: (text: string): void => {
      if (!isatty(STDERR) || isInForeground()) {
        line.draw(text);
      }
    },
    clearLine: () => line.erase(),
    clearRight: nothing,
    cursor: nothing,
    cursorRestore: nothing,
    cursorSave: nothing,
    cursorTo: nothing,
    lineWrapping: nothing,
    newline: nothing,
  };
}

/** Without a terminal `process.stderr` is not touched: Node would make a pipe non-blocking for all. */
function columns(): number {
  const width = isatty(STDERR) ? process.stderr.getWindowSize()[0] : Number(process.env['COLUMNS']);
  return Math.min(width || USUAL_COLUMNS, MOST_COLUMNS);
}
