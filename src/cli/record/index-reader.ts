import type { Source } from '../../engine/io/source.js';
import { readOnce } from '../../engine/io/source.js';
import { CliError } from '../errors/cli-error.js';
import { INDEX_SCHEMA } from './index-format.js';

/** The longest line of an index, in bytes. */
const MAX_LINE = 64 * 1024;

const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;

/** The fields of a line of an index that are used, by its type. Others are ignored. */
export type IndexLine =
  | {
      readonly type: 'start' | 'clock' | 'end';
      readonly seconds: number;
      readonly time: string;
    }
  | {
      readonly type: 'transfer';
      readonly seconds: number;
      readonly offset: number;
      readonly length: number;
      readonly short: boolean;
      readonly status: string;
    }
  | {
      readonly type: 'gap';
      readonly seconds: number;
      readonly offset: number;
      readonly cause: string;
    };

/** The fields of each type of line, and what they must be. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, 'number' | 'string' | 'boolean'>>>> =
  {
    start: { seconds: 'number', time: 'string' },
    clock: { seconds: 'number', time: 'string' },
    end: { seconds: 'number', time: 'string' },
    transfer: {
      ...{ seconds: 'number', offset: 'number', length: 'number' },
      ...{ short: 'boolean', status: 'string' },
    },
    gap: { seconds: 'number', offset: 'number', cause: 'string' },
  };

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
  let number = 0;
  for await (const text of linesOf(source, name, signal)) {
    number += 1;
    const line = parseLine(text);
    const isFirst = number === 1;
    if (line === undefined || (isFirst && !isStart(line))) {
      const what = isFirst ? 'an index' : 'a line of an index';
      throw new CliError('input-failed', `cannot read ${name}: line ${number} is not ${what}`, {
        advice: 'usbxfer read --index FILE writes one',
      });
    }
    if (FIELDS[String(line['type'])] !== undefined) {
      yield line as unknown as IndexLine; // its fields were checked
    }
  }
  if (number === 0) {
    throw new CliError('input-failed', `cannot read ${name}: it has no line`, {
      advice: 'usbxfer read --index FILE writes an index',
    });
  }
}

function isStart({ schema, type }: Readonly<Record<string, unknown>>): boolean {
  return schema === INDEX_SCHEMA && type === 'start';
}

/** Returns an object whose fields fit its type; undefined if the text is none. */
function parseLine(text: string): Record<string, unknown> | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== 'object' || line === null) {
    return undefined;
  }
  const fields: Record<string, unknown> = { ...line };
  const expected = Object.entries(FIELDS[String(fields['type'])] ?? {});
  return expected.every(([field, type]) => typeof fields[field] === type) ? fields : undefined;
}

async function* linesOf(source: Source, name: string, signal: AbortSignal): AsyncGenerator<string> {
  const buffer = Buffer.allocUnsafe(CHUNK + MAX_LINE);
  let length = 0;
  for (;;) {
    const read = await readOnce(source, buffer, length, length + CHUNK, signal);
    if (read === 0) {
      return;
    }
    length += read;
    const filled = buffer.subarray(0, length);
    let start = 0;
    for (let end = filled.indexOf(NEWLINE); end >= 0; end = filled.indexOf(NEWLINE, start)) {
      yield filled.toString('utf8', start, end);
      start = end + 1;
    }
    buffer.copyWithin(0, start, length);
    length -= start;
    if (length > MAX_LINE) {
      const what = `a line has more than ${MAX_LINE} bytes`;
      throw new CliError('input-failed', `cannot read ${name}: ${what}`, {
        advice: 'usbxfer read --index FILE writes an index',
      });
    }
  }
}
