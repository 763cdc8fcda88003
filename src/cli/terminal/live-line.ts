import { stripVTControlCharacters } from 'node:util';
import type { NonBlockingWriter } from './nonblocking-writer.js';

/** Back to the line's beginning; up one line; erase from the cursor to the end of the line (ECMA-48). */
const START = '\r';
const UP = '\x1b[A';
const ERASE = '\x1b[K';

/**
 * Go on in the next line where one is full, or do not (DECAWM): a terminal may have become narrower
 * without having told yet.
 */
const WRAP = '\x1b[?7h';
const NO_WRAP = '\x1b[?7l';

/** A line at the bottom of a terminal that is drawn over itself, and leaves nothing when it goes. */
export class TerminalLine {
  readonly #messages: NonBlockingWriter;
  readonly #columns: () => number;
  #drawn = '';
  #drawnColumns = 0;

  /** @param columns how wide the terminal is now */
  constructor(messages: NonBlockingWriter, columns: () => number) {
    this.#messages = messages;
    this.#columns = columns;
  }

  /**
   * Draws the line anew, unless the terminal takes nothing at the moment (Ctrl-S).
   *
   * @param text less wide than the terminal, so that it takes one line; may have colours
   */
  draw(text: string): void {
    if (text === this.#drawn || !this.#messages.isEmpty) {
      return;
    }
    if (this.#drawnColumns !== this.#columns()) {
      this.erase();
    }
    this.#messages.put(`${NO_WRAP}${START}${text}${ERASE}${WRAP}`);
    this.#drawn = text;
    this.#drawnColumns = this.#columns();
  }

  /** Takes the line away; the cursor is where it began. */
  erase(): void {
    if (this.#drawn === '') {
      return;
    }
    // In a terminal that has become narrower the line was broken into several.
    const width = stripVTControlCharacters(this.#drawn).length;
    const above = Math.max(0, Math.ceil(width / this.#columns()) - 1);
    this.#messages.put(`${START}${ERASE}${`${UP}${ERASE}`.repeat(above)}`);
    this.#drawn = '';
  }
}
