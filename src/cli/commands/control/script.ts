import { dirname, join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { readUpTo } from '../../../engine/io/source.js';
import {
  type ControlTransfer,
  directionOfRequest,
  hostRequestOf,
  MAX_CONTROL_DATA,
} from '../../../usb/control.js';
import { CliError } from '../../errors/cli-error.js';
import * as values from '../../options/parsers.js';
import { cannotRead, openInput } from '../../session/input.js';
import type { Interruption } from '../../session/shutdown.js';
import { STDIN_NAMES } from '../../session/startup-fds.js';
import { countOf } from '../../terminal/format.js';
import { sanitize } from '../../terminal/sanitize.js';
import { IntelHexError, parseIntelHex } from './intel-hex.js';
import { parseRequest } from './request.js';

/*
 * Scripts of `usbxfer control`: one statement a line, `#` starts a comment. `usbxfer help scripts`
 * describes them.
 */

/** One step of a script. */
export type ScriptStep =
  | { readonly kind: 'request'; readonly line: number; readonly transfer: ControlTransfer }
  | { readonly kind: 'delay'; readonly line: number; readonly milliseconds: number };

/** A script that was checked, with the data of all files. */
export interface Script {
  /** Safe to print. */
  readonly name: string;
  /** In order, at least one request. */
  readonly steps: readonly ScriptStep[];
}

/** The maximum size of a script and of an Intel HEX file in bytes, and of a script in requests. */
const MAX_SCRIPT = 1024 * 1024;
const MAX_HEX_FILE = 16 * 1024 * 1024;
const MAX_REQUESTS = 65_536;

/** The bytes in one request of an upload: a loader in ROM may have a small buffer. */
const DEFAULT_CHUNK = 1024;

const ADVICE = { advice: 'see usbxfer help scripts' };

/**
 * Reads a script, checks all of it, and reads the files that it names. These are relative to the folder
 * of the script.
 *
 * @param file `-` is stdin
 * @throws CliError with file and line of the first statement that is wrong, or whose file cannot be
 *   used; at a signal
 */
export async function readScript(file: string, shutdown: Interruption): Promise<Script> {
  const isStdin = STDIN_NAMES.has(file);
  const name = isStdin ? 'stdin' : sanitize(file);
  const text = (await readFile(file, MAX_SCRIPT, shutdown)).toString('utf8').replace(/^\uFEFF/, '');
  const folder = isStdin ? '' : dirname(file);
  const steps: ScriptStep[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    try {
      const parsed = await parseStatement(wordsOf(line), index + 1, folder, shutdown);
      steps.push(...parsed);
      if (steps.length > MAX_REQUESTS) {
        throw new InvalidArgumentError(`a script has at most ${MAX_REQUESTS} requests; split it`);
      }
    } catch (cause) {
      throw located(`${name}:${index + 1}`, cause);
    }
  }
  if (!steps.some(({ kind }) => kind === 'request')) {
    throw new CliError('invalid-value', `${name} has no control request`, ADVICE);
  }
  return { name, steps };
}

/** Adds the place in the script to a failure. */
export function located(where: string, cause: unknown): unknown {
  if (cause instanceof InvalidArgumentError) {
    return new CliError('invalid-value', `${where}: ${cause.message}`, { ...ADVICE, cause });
  }
  if (cause instanceof CliError && cause.code !== 'interrupted') {
    const { advice } = cause;
    return new CliError(cause.code, `${where}: ${cause.message}`, { advice, cause });
  }
  return cause;
}

/** Splits a statement into words. A word in double quotes may contain spaces and `#`. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/\s*(?:#.*|"([^"]*)"(?=\s|$)|([^\s"]+)|(\S))/g)) {
    const [, quoted, word, stray] = match;
    if (stray !== undefined) {
      throw new InvalidArgumentError('write a quoted word as "…", with a space after it');
    }
    const text = quoted ?? word;
    words.push(...(text === undefined ? [] : [text]));
  }
  return words;
}

async function parseStatement(
  words: readonly string[],
  line: number,
  folder: string,
  shutdown: Interruption,
): Promise<ScriptStep[]> {
  const [verb = '', ...rest] = words;
  if (verb === '') {
    return [];
  }
  const load: Load = (file, max) => {
    if (file === '' || STDIN_NAMES.has(file)) {
      throw new InvalidArgumentError('give the name of a file; stdin cannot be one');
    }
    return readFile(join(folder, file), max, shutdown);
  };
  if (verb === 'delay') {
    return [{ kind: 'delay', line, milliseconds: parseDelay(rest) }];
  }
  const transfers = verb === 'hex' ? await parseHex(rest, load) : [await parseData(words, load)];
  return transfers.map((transfer) => ({ kind: 'request', line, transfer }));
}

/** Reads a file that a statement names, of at most `max` bytes. */
type Load = (file: string, max: number) => Promise<Buffer>;

function parseDelay([time, ...excess]: readonly string[]): number {
  if (time === undefined || excess.length > 0) {
    throw new InvalidArgumentError('give one time after delay, such as delay 100ms');
  }
  return values.duration(time);
}

/** `REQUEST`, or `REQUEST data FILE [at OFFSET] [length SIZE]` */
async function parseData(words: readonly string[], load: Load): Promise<ControlTransfer> {
  const at = words.indexOf('data');
  if (at < 0) {
    return requestOf(words);
  }
  const transfer = requestOf(words.slice(0, at));
  if (directionOfRequest(transfer.request) === 'in') {
    throw new InvalidArgumentError('an IN request sends no data; remove the words from data on');
  }
  if (transfer.data.length > 0) {
    throw new InvalidArgumentError('the request has data before the word data; give it once');
  }
  const [file = '', ...parts] = words.slice(at + 1);
  const { at: offset = 0, length } = parseParts(parts, { at: values.offset, length: values.size });
  const content = await load(file, MAX_HEX_FILE);
  const end = length === undefined ? content.length : offset + length;
  const shown = sanitize(file);
  if (offset >= content.length || end > content.length) {
    throw new InvalidArgumentError(
      `${shown} has ${countOf(content.length, 'byte')}; give an offset and a length within it`,
    );
  }
  if (end - offset > MAX_CONTROL_DATA) {
    throw new InvalidArgumentError(
      `a request sends at most ${MAX_CONTROL_DATA} bytes, not ${end - offset}; ` +
        `add length ${MAX_CONTROL_DATA}, and send the rest with at ${offset + MAX_CONTROL_DATA}`,
    );
  }
  return { ...transfer, data: content.subarray(offset, end) };
}

function requestOf(words: readonly string[]): ControlTransfer {
  const [first = ''] = words;
  if (first !== 'in' && first !== 'out' && !/^\d/.test(first)) {
    throw new InvalidArgumentError(
      'start a line with in, out or bmRequestType for a request, or with hex or delay',
    );
  }
  const transfer = parseRequest(words);
  if (hostRequestOf(transfer.request)?.kind === 'set-configuration') {
    throw new InvalidArgumentError(
      'a script cannot select a configuration; give --configuration N for the whole script',
    );
  }
  return transfer;
}

/** `FILE through TYPE REQUEST [chunk SIZE]`: the address of each block is in wValue and wIndex. */
async function parseHex(words: readonly string[], load: Load): Promise<ControlTransfer[]> {
  const [file = '', through, type = '', code = '', ...parts] = words;
  if (through !== 'through' || (type !== 'vendor' && type !== 'class')) {
    throw new InvalidArgumentError('write an upload as hex FILE through vendor REQUEST');
  }
  const { chunk = DEFAULT_CHUNK } = parseParts(parts, { chunk: values.size });
  if (chunk > MAX_CONTROL_DATA) {
    throw new InvalidArgumentError(`give a chunk of at most ${MAX_CONTROL_DATA} bytes`);
  }
  const { request } = parseRequest(['out', type, 'device', code]);
  const text = (await load(file, MAX_HEX_FILE)).toString('latin1');
  try {
    return parseIntelHex(text, chunk).map(({ address, data }) => ({
      request: { ...request, value: address & 0xffff, index: address >>> 16 },
      data,
    }));
  } catch (cause) {
    if (cause instanceof IntelHexError) {
      const message = `${sanitize(file)}:${cause.line}: ${cause.message}`;
      throw new CliError('invalid-value', message, {
        advice: 'the file is not a complete Intel HEX file; copy or build it again',
        cause,
      });
    }
    throw cause;
  }
}

/** Parses pairs of a name and a value, in any order, each at most once. */
function parseParts<Name extends string>(
  words: readonly string[],
  parsers: Readonly<{ [Key in Name]: (text: string) => number }>,
): { [Key in Name]?: number } {
  const names = Object.keys(parsers) as Name[];
  const parts: { [Key in Name]?: number } = {};
  for (let i = 0; i < words.length; i += 2) {
    const name = names.find((candidate) => candidate === words[i]);
    if (name === undefined || parts[name] !== undefined) {
      throw new InvalidArgumentError(
        `expected ${names.join(' or ')}, each once, instead of '${sanitize(words[i] ?? '')}'`,
      );
    }
    parts[name] = parsers[name](words[i + 1] ?? '');
  }
  return parts;
}

/** @throws CliError if the file cannot be read or is larger than `max` bytes, or at a signal */
async function readFile(file: string, max: number, shutdown: Interruption): Promise<Buffer> {
  const { source, name } = await openInput({ input: file }, shutdown);
  const shown = name === undefined ? 'stdin' : sanitize(name);
  try {
    const data = Buffer.allocUnsafeSlow(Math.min(source.size ?? max, max) + 1);
    const length = await readUpTo(source, data, shutdown.signal);
    if (length > max) {
      throw new CliError('invalid-value', `${shown} is larger than ${max / 2 ** 20} MiB`);
    }
    return data.subarray(0, length);
  } catch (cause) {
    throw cause instanceof CliError ? cause : cannotRead(shown, cause, shutdown, 'reading');
  } finally {
    await source.close();
  }
}
