import type { Source } from '../../engine/io/source.js';
import { CliError } from '../errors/cli-error.js';
import { LineReader } from '../record/lines.js';
import { isObject } from '../record/shape.js';

/** The longest line, and the longest object in several lines, in bytes. */
const MAX_OBJECT = 4 * 1024 * 1024;

/** An object of a file, with any fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Called with each object of a file, and the number of its first line, from 1. */
export type OnObject = (fields: Fields, line: number) => void;

/**
 * Reads the JSON objects of a file: one in each line, or in several lines of which the first is `{` and
 * the last is `}`, as usbxfer writes them.
 *
 * @param name of the file, in messages; safe to print
 * @returns the number of the line in which the file ends too early; undefined if it is complete
 * @throws CliError for anything other than JSON objects; the error of a read; the reason of `signal`
 */
export async function readObjects(
  source: Source,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
  onObject: OnObject,
): Promise<number | undefined> {
  const objects = new ObjectParser(name, onObject);
  const tooLong = (bytes: number, line: number) =>
    lineError(name, line, `more than ${bytes} bytes`, adviceAt(line));
  const reader = new LineReader(source, { maxBytes: MAX_OBJECT, signal, tooLong });
  for (let lines = await reader.next(); lines.length > 0; lines = await reader.next()) {
    for (const line of lines) {
      objects.add(line);
    }
  }
  return objects.end(reader.rest);
}

/** Joins lines to objects. */
class ObjectParser {
  readonly #name: string;
  readonly #onObject: OnObject;
  /** The lines of an object that is not complete. */
  #open: string[] = [];
  #openLength = 0;
  #line = 0;

  constructor(name: string, onObject: OnObject) {
    this.#name = name;
    this.#onObject = onObject;
  }

  add(line: string): void {
    // Some programs write a mark at the start of a text in UTF-8.
    const text = this.#line === 0 ? line.replace(/^\ufeff/, '') : line;
    this.#line += 1;
    if (this.#open.length === 0) {
      this.#addFirst(text);
      return;
    }
    this.#open.push(text);
    this.#openLength += text.length;
    if (this.#openLength > MAX_OBJECT) {
      throw lineError(this.#name, this.#line, `the object has more than ${MAX_OBJECT} bytes`);
    }
    if (text.trimEnd() === '}') {
      this.#close();
    }
  }

  /**
   * Adds what follows the last line end. Returns the line in which the file was cut.
   */
  end(rest: string): number | undefined {
    if (rest.trim() === '') {
      return this.#open.length > 0 ? this.#line : undefined;
    }
    const isCut =
      this.#open.length > 0
        ? rest.trimEnd() !== '}'
        : rest.startsWith('{') && parse(rest) === undefined;
    if (isCut) {
      return this.#line + 1;
    }
    this.add(rest);
    return undefined;
  }

  #addFirst(text: string): void {
    const value = parse(text);
    if (isObject(value)) {
      this.#onObject(value, this.#line);
    } else if (text.trimEnd() === '{') {
      this.#open = [text];
      this.#openLength = 0;
    } else if (text.trim() !== '') {
      const what = value === undefined ? 'this is not JSON' : 'this is not a JSON object';
      throw lineError(this.#name, this.#line, what, adviceAt(this.#line));
    }
  }

  #close(): void {
    const first = this.#line - this.#open.length + 1;
    const value = parse(this.#open.join('\n'));
    this.#open = [];
    if (!isObject(value)) {
      throw lineError(this.#name, first, `this is not JSON, up to line ${this.#line}`);
    }
    this.#onObject(value, first);
  }
}

/** An error at a place of a file. */
export function lineError(name: string, line: number, what: string, advice = DAMAGED): CliError {
  return new CliError('input-failed', `${name}, line ${line}: ${what}`, { advice });
}

/** What helps if one line is wrong. */
const DAMAGED = 'the file was changed or damaged; remove the line, or name another file';

/** What writes files that can be plotted. */
export const WRITERS =
  'usbxfer plot reads what --stats, --index, and --json of read, write, pipe, bench and tune write';

/** What helps if a line has no JSON: at the start of a file, all of it is of another kind. */
function adviceAt(line: number): string {
  return line === 1 ? WRITERS : DAMAGED;
}

/** Parses a text as JSON; returns undefined if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
