import { type Stats, statSync } from 'node:fs';
import { join, parse, sep } from 'node:path';
import { hex4 } from '../../usb/format.js';
import type { DeviceInfo } from '../../usb/model.js';
import type { OverwriteOption } from '../errors/advice.js';
import { CliError } from '../errors/cli-error.js';
import { fileNamePart, LONGEST_NAME_PART, sanitize } from '../terminal/sanitize.js';
import { STDOUT_NAMES } from './startup-fds.js';

/**
 * What to do with bytes for stdout if that is a terminal: refuse them, show them as text, or write them
 * as they are.
 */
export type TerminalPolicy = 'refuse' | 'text' | 'bytes';

/** The options of an output. */
export interface OutputOptions {
  readonly output: string;
  /** The option that names it; `-o` by default. */
  readonly optionName?: string | undefined;
  /** Whether the output is a hex dump of the transfers. */
  readonly hex?: true | undefined;
  /** `refuse` by default. */
  readonly onTerminal?: TerminalPolicy | undefined;
  readonly force?: true | undefined;
  readonly append?: true | undefined;
  readonly fsync?: true | undefined;
  /** Bytes per file. */
  readonly splitBytes?: number | undefined;
  /** Milliseconds per file. */
  readonly splitEvery?: number | undefined;
  /** Whether it is split together with another output, which decides where. */
  readonly follows?: true | undefined;
  /** The maximum number of bytes that will be written. */
  readonly bytes?: number | undefined;
  /** Whether to reserve the space for them. */
  readonly preallocate?: true | undefined;
}

/** An output that is not open yet. */
export interface OutputPlan extends OutputOptions {
  /** The options for existing files that the command has. */
  readonly offered: readonly OverwriteOption[];
  /** Returns the name of a file; undefined for stdout. */
  readonly nameOf: ((file: OutputFile) => string) | undefined;
}

/**
 * Checks the value of `-o`, which may be `-` for stdout, before anything is opened.
 *
 * @throws CliError if the name is invalid, or if several files would have the same name
 */
export function planOutput(
  options: OutputOptions,
  offered: readonly OverwriteOption[] = ['append', 'overwrite'],
): OutputPlan {
  const { output, optionName: option = '-o' } = options;
  if (output === '') {
    throw new CliError('invalid-value', `${option} needs a file name`, { advice: '- is stdout' });
  }
  const toStdout = STDOUT_NAMES.has(output);
  if (options.preallocate && (toStdout || options.bytes === undefined)) {
    const needed = toStdout ? '-o FILE' : '--bytes';
    throw new CliError('conflicting-options', `--preallocate needs ${needed}`);
  }
  const template = /[{}]/.test(output) ? new OutputTemplate(output, option) : undefined;
  if (isSplit(options) && !template?.isNumbered) {
    if (!toStdout && !template) {
      requireFile(output);
    }
    const wanted = toStdout ? 'dump-{index:04}.bin' : numbered(output);
    throw new CliError(
      'conflicting-options',
      `--split-bytes and --split-every need {index} in the file name${option === '-o' ? '' : ` of ${option}`}`,
      { advice: `for example ${option} ${sanitize(wanted)}` },
    );
  }
  const nameOf = template ? (file: OutputFile) => template.expand(file) : () => output;
  return { ...options, offered, nameOf: toStdout ? undefined : nameOf };
}

/** Whether the output is split into several files. */
export function isSplit({
  splitBytes,
  splitEvery,
}: Pick<OutputOptions, 'splitBytes' | 'splitEvery'>): boolean {
  return splitBytes !== undefined || splitEvery !== undefined;
}

/** `dump-{index:04}.bin` for `dump.bin` */
function numbered(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-{index:04}${ext}`);
}

/** The file with this name; undefined if there is none, or it is not accessible. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** @throws CliError for anything other than a file: it cannot be split */
export function requireFile(path: string): void {
  const existing = statOf(path);
  if (existing?.isFIFO() || existing?.isCharacterDevice() || existing?.isBlockDevice()) {
    throw new CliError(
      'conflicting-options',
      `--split-bytes and --split-every need regular files; ${sanitize(path)} is not one`,
    );
  }
}

/** The values that a file name may contain. */
interface OutputFile {
  /** The index of the file, from 0. */
  readonly index: number;
  /** When the file was created. */
  readonly time: Date;
  readonly device: DeviceInfo;
}

/** A field in braces. */
interface Field {
  /** The longest value, in bytes. */
  readonly maxBytes: number;
  value(file: OutputFile): string;
}

/** Digits of the largest index. */
const MAX_DIGITS = String(Number.MAX_SAFE_INTEGER).length;

/** The longest name of a file or folder in most file systems, in bytes. */
const MAX_NAME_BYTES = 255;

const SEPARATOR = sep === '\\' ? /[/\\]/ : '/';

/** Double braces, a field, or a brace that is neither. */
const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

const FIELDS = new Map<string, Field>([
  ['index', numberField(1)],
  ['time', { maxBytes: 'YYYYYYMMDDTHHMMSSZ'.length, value: ({ time }) => compactTime(time) }],
  ['vid', { maxBytes: 4, value: ({ device }) => hex4(device.vid) }],
  ['pid', { maxBytes: 4, value: ({ device }) => hex4(device.pid) }],
  ['serial', deviceField(({ serial = '' }) => serial)],
  ['path', deviceField(({ path }) => path)],
]);

const FIELD_NAMES = '{index}, {index:04}, {time}, {vid}, {pid}, {serial} or {path}';

/**
 * A file name with fields. Only the template can contain folders: the values of fields, some of which
 * come from a device, contain no path separators.
 */
export class OutputTemplate {
  /** Whether each index gives another name. */
  readonly isNumbered: boolean;
  readonly #pieces: readonly (string | Field)[];

  /**
   * @param text `{index}` (`{index:04}`: at least four digits), `{time}` (UTC), `{vid}`, `{pid}`,
   *   `{serial}`, `{path}`; `{{` and `}}` are braces
   * @param option the option that it is the value of
   * @throws CliError for an unknown field, a single brace, or a name that could be too long
   */
  constructor(text: string, option = '-o') {
    const shown = `${option} ${sanitize(text)}`;
    const pieces: (string | Field)[] = [];
    let numbered = false;
    let end = 0;
    for (const { 0: token, 1: name, index } of text.matchAll(TOKEN)) {
      pieces.push(text.slice(end, index));
      pieces.push(name === undefined ? literalBrace(token, shown) : fieldOf(name, shown));
      numbered ||= name?.startsWith('index') ?? false;
      end = index + token.length;
    }
    pieces.push(text.slice(end));
    this.#pieces = pieces;
    this.isNumbered = numbered;
    this.#checkLength(shown);
  }

  /** The name of a file. */
  expand(file: OutputFile): string {
    return this.#join((field) => field.value(file));
  }

  #checkLength(shown: string): void {
    const names = this.#join(({ maxBytes }) => 'x'.repeat(maxBytes)).split(SEPARATOR);
    if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
      throw templateError(shown, `the name can exceed ${MAX_NAME_BYTES} bytes; shorten it`);
    }
  }

  #join(textOf: (field: Field) => string): string {
    return this.#pieces
      .map((piece) => (typeof piece === 'string' ? piece : textOf(piece)))
      .join('');
  }
}

function literalBrace(token: string, shown: string): string {
  if (token.length === 1) {
    throw templateError(shown, `unmatched ${token}; for a literal brace, write ${token}${token}`);
  }
  return token.charAt(0);
}

function fieldOf(name: string, shown: string): Field {
  const width = /^index:0([1-9]|1[0-8])$/.exec(name)?.[1];
  const field = width === undefined ? FIELDS.get(name) : numberField(Number(width));
  if (field !== undefined) {
    return field;
  }
  throw templateError(
    shown,
    name.startsWith('index:')
      ? `invalid width in {${sanitize(name)}}; use {index:01} to {index:018}`
      : `unknown field {${sanitize(name)}}; use ${FIELD_NAMES}`,
  );
}

/** @param width the minimum number of digits, with leading zeros */
function numberField(width: number): Field {
  return {
    maxBytes: Math.max(width, MAX_DIGITS),
    value: ({ index }) => String(index).padStart(width, '0'),
  };
}

function deviceField(textOf: (device: DeviceInfo) => string): Field {
  return { maxBytes: LONGEST_NAME_PART, value: ({ device }) => fileNamePart(textOf(device)) };
}

/** `20261121T102415Z` */
function compactTime(time: Date): string {
  return time.toISOString().replace(/[-+:]|\.\d+/g, '');
}

/** @param shown the option and its value */
function templateError(shown: string, why: string): CliError {
  return new CliError('invalid-value', `${shown}: ${why}`);
}
