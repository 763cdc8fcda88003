import { stripVTControlCharacters } from 'node:util';
import type { NonBlockingWriter } from './nonblocking-writer.js';

/** Move to the start of the line; move up one line; erase to the end of the line (ECMA-48). */
const START = '\r';
const UP = '\x1b[A';
const ERASE = '\x1b[K';

/**
 * Turn the wrapping of long lines on or off (DECAWM). A terminal may already be narrower than it last
 * reported.
 */
const WRAP = '\x1b[?7h';
const NO_WRAP = '\x1b[?7l';

/** A line at the bottom of a terminal that is redrawn in place and erased at the end. */
export class LiveLine {
  readonly #writer: NonBlockingWriter;
  readonly #columns: () => number;
  #drawn = '';
  #drawnColumns = 0;

  /** @param columns returns the current width of the terminal */
  constructor(writer: NonBlockingWriter, columns: () => number) {
    this.#writer = writer;
    this.#columns = columns;
  }

  /**
   * Redraws the line, unless the terminal is not accepting output (Ctrl-S).
   *
   * @param text narrower than the terminal; may contain colours
   */
  draw(text: string): void {
    if (text === this.#drawn || !this.#writer.isEmpty) {
      return;
    }
    if (this.#drawnColumns !== this.#columns()) {
      this.erase();
    }
    this.#writer.put(`${NO_WRAP}${START}${text}${ERASE}${WRAP}`);
    this.#drawn = text;
    this.#drawnColumns = this.#columns();
  }

  /** Erases the line and leaves the cursor at its start. */
  erase(): void {
    if (this.#drawn === '') {
      return;
    }
    // A terminal that became narrower has broken the line into several.
    const width = stripVTControlCharacters(this.#drawn).length;
    const above = Math.max(0, Math.ceil(width / this.#columns()) - 1);
    this.#writer.put(`${START}${ERASE}${`${UP}${ERASE}`.repeat(above)}`);
    this.#drawn = '';
  }
}
