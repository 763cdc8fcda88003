import type { Source } from '../../engine/io/source.js';
import { CliError } from '../errors/cli-error.js';
import { INDEX_SCHEMA } from './index-format.js';
import { LineReader } from './lines.js';
import {
  AMOUNT,
  FLAG,
  fits,
  isObject,
  MOMENT,
  object,
  type Shape,
  TEXT,
  TIME,
  type TypeOf,
} from './shape.js';

/** The longest line of an index, in bytes. */
const MAX_LINE = 64 * 1024;

const CLOCKS = object({ seconds: MOMENT, time: TIME });

/** What is used of each type of line of an index. */
export const INDEX_LINES = {
  start: CLOCKS,
  clock: CLOCKS,
  end: CLOCKS,
  transfer: object({
    ...{ seconds: MOMENT, offset: AMOUNT, length: AMOUNT },
    ...{ short: FLAG, status: TEXT },
  }),
  gap: object({ seconds: MOMENT, offset: AMOUNT, cause: TEXT }),
} as const satisfies Readonly<Record<string, Shape<object>>>;

type LineTypes = typeof INDEX_LINES;

/** A line of an index. Other fields than these are ignored. */
export type IndexLine = {
  readonly [T in keyof LineTypes]: { readonly type: T } & TypeOf<LineTypes[T]>;
}[keyof LineTypes];

const SHAPES: ReadonlyMap<unknown, Shape<object>> = new Map(Object.entries(INDEX_LINES));

const WRITER = 'usbxfer read --index FILE writes';
const ADVICE = { advice: `${WRITER} one` };

/**
 * Reads the lines of an index in order. Lines of unknown types are left out. An incomplete last line, of a
 * run that was killed, is, too.
 *
 * @param name in messages; safe to print
 * @throws CliError for anything other than an index; the error of a read; the reason of `signal`
 */
export async function* readIndex(
  source: Source,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<IndexLine> {
  const tooLong = (bytes: number) =>
    new CliError(
      'input-failed',
      `cannot read ${name}: a line has more than ${bytes} bytes`,
      ADVICE,
    );
  const reader = new LineReader(source, { maxBytes: MAX_LINE, signal, tooLong });
  let number = 0;
  for (let texts = await reader.next(); texts.length > 0; texts = await reader.next()) {
    for (const text of texts) {
      number += 1;
      const line = parseLine(text);
      const isFirst = number === 1;
      if (line === undefined || (isFirst && !isStart(line))) {
        const what = isFirst ? 'an index' : 'a line of an index';
        throw new CliError(
          'input-failed',
          `cannot read ${name}: line ${number} is not ${what}`,
          ADVICE,
        );
      }
      if (shapeOf(line) !== undefined) {
        yield line as unknown as IndexLine; // its fields were checked
      }
    }
  }
  if (number === 0) {
    throw new CliError('input-failed', `cannot read ${name}: it has no line`, {
      advice: `${WRITER} an index`,
    });
  }
}

function isStart({ schema, type }: Readonly<Record<string, unknown>>): boolean {
  return schema === INDEX_SCHEMA && type === 'start';
}

/** The shape of a line; undefined for an unknown type. */
function shapeOf({ type }: Readonly<Record<string, unknown>>): Shape<object> | undefined {
  return SHAPES.get(type);
}

/** Returns an object whose fields fit its type; undefined if the text is none. */
function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(line) && fits(line, shapeOf(line) ?? object({})) ? line : undefined;
}
