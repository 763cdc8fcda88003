import type { Sink, WriteDone } from '../../engine/io/sink.js';
import { escapeUnsafe } from '../terminal/sanitize.js';

/**
 * A sink that shows data as text on a terminal: UTF-8, in which everything that a terminal may act on is
 * escaped, except line ends and tabs. A carriage return before a line end is dropped.
 */
export class TextSink implements Sink {
  readonly #sink: Sink;
  readonly #decoder = new TextDecoder();
  /** A carriage return at the end of the text so far, which a line end may follow. */
  #held = '';
  #endsLine = true;
  #failed = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  start(): Promise<void> {
    return this.#sink.start();
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    const text = buffers.map((buffer) => this.#decoder.decode(buffer, { stream: true })).join('');
    this.#put(text, (error) => done(error, error === undefined ? bytes : 0));
  }

  /** Ends the last line, so that a message or a prompt after it starts a new one. */
  async close(): Promise<void> {
    const rest = this.#held + this.#decoder.decode();
    this.#held = '';
    const last = escapeText(rest);
    const end = this.#endsLine && last === '' ? '' : '\n';
    if (last + end !== '' && !this.#failed) {
      await new Promise<void>((resolve, reject) => {
        const written = (error: Error | undefined) => (error ? reject(error) : resolve());
        this.#sink.write([Buffer.from(last + end)], written);
      });
    }
    await this.#sink.close();
  }

  #put(text: string, done: (error: Error | undefined) => void): void {
    const all = this.#held + text;
    this.#held = all.endsWith('\r') ? '\r' : '';
    const shown = escapeText(this.#held === '' ? all : all.slice(0, -1));
    if (shown === '') {
      setImmediate(done, undefined);
      return;
    }
    this.#endsLine = shown.endsWith('\n');
    this.#sink.write([Buffer.from(shown)], (error) => {
      this.#failed ||= error !== undefined;
      done(error);
    });
  }
}

function escapeText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split(/([\n\t])/)
    .map((part, index) => (index % 2 === 0 ? escapeUnsafe(part) : part))
    .join('');
}
