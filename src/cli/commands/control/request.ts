import { InvalidArgumentError } from 'commander';
import { readUpTo } from '../../../engine/io/source.js';
import {
  type ControlTransfer,
  directionOfRequest,
  hostRequestOf,
  MAX_CONTROL_DATA,
  RECIPIENTS,
  REQUEST_TYPES,
  recipientOf,
  requestTypeOf,
  typeOf,
} from '../../../usb/control.js';
import { CliError } from '../../errors/cli-error.js';
import { didYouMean } from '../../errors/suggest.js';
import { cannotRead, openInput } from '../../session/input.js';
import type { Interruption } from '../../session/shutdown.js';
import { sanitize } from '../../terminal/sanitize.js';
import type { ControlOptions } from './control.js';

/*
 * Control requests as text: `in|out TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH|DATA]]]`. A number,
 * bmRequestType, may replace the first three words. `usbxfer help requests` describes them.
 */

const DIRECTIONS = ['in', 'out'] as const;

/**
 * Reads the arguments and the data of `usbxfer control`.
 *
 * @throws CliError if the words are no request, if the data does not fit it or cannot be read, or at a
 *   signal
 */
export async function readTransfer(
  words: readonly string[],
  { in: isIn, out, data, input, configuration }: ControlOptions,
  shutdown: Interruption,
): Promise<ControlTransfer> {
  const given = words.flatMap((word) => word.trim().split(/\s+/)); // several words may be quoted
  const transfer = parseWords(isIn ? ['in', ...given] : out ? ['out', ...given] : given);
  const change = hostRequestOf(transfer.request);
  if (change?.kind === 'set-configuration' && configuration !== undefined) {
    const text = '--configuration and SET_CONFIGURATION both select a configuration';
    throw new CliError('conflicting-options', text, { advice: 'give one of them' });
  }
  if (data === undefined && input === undefined) {
    return transfer;
  }
  if (directionOfRequest(transfer.request) === 'in') {
    throw new CliError('conflicting-options', '--data and -i need an OUT request', {
      advice: 'an IN request sends no data',
    });
  }
  if (transfer.data.length > 0) {
    throw new CliError('conflicting-options', 'the request already has data', {
      advice: 'give the data once: after the index, with --data or with -i',
    });
  }
  return { ...transfer, data: data ?? (await readRequestData(input ?? '-', shutdown)) };
}

function parseWords(words: readonly string[]): ControlTransfer {
  try {
    return parseRequest(words);
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) {
      const text = `'${sanitize(words.join(' '))}' is not a control request: ${cause.message}`;
      throw new CliError('invalid-value', text, { advice: 'see usbxfer help requests', cause });
    }
    throw cause;
  }
}

/** Parses a request in one string, such as `out vendor device 0x01 1 0`: the value of an option. */
export function request(text: string): ControlTransfer {
  return parseRequest(text.trim().split(/\s+/));
}

/**
 * Parses the words of a request.
 *
 * @throws InvalidArgumentError whose message says which words are valid
 */
export function parseRequest(words: readonly string[]): ControlTransfer {
  const [requestType, rest] = parseRequestType(words);
  const [code, value = '0', index = '0', ...data] = rest;
  const request = {
    requestType,
    request: parseNumber(code ?? '', 'the request (bRequest)', 0xff),
    value: parseNumber(value, 'the value (wValue)', 0xffff),
    index: parseNumber(index, 'the index (wIndex)', 0xffff),
  };
  return {
    request,
    data: directionOfRequest(request) === 'in' ? responseBuffer(data) : hexBytes(data.join(' ')),
  };
}

/** Parses bytes in hexadecimal: `0102ff`, `01 02 ff`, `01:02:ff`. */
export function hexBytes(text: string): Buffer {
  const groups = text.trim() === '' ? [] : text.trim().split(/[\s:]+/);
  if (!groups.every((group) => /^([0-9a-f]{2})+$/i.test(group))) {
    throw new InvalidArgumentError(
      'give the data as two hexadecimal digits per byte, such as 0102ff',
    );
  }
  const bytes = Buffer.from(groups.join(''), 'hex');
  if (bytes.length > MAX_CONTROL_DATA) {
    throw new InvalidArgumentError(`give at most ${MAX_CONTROL_DATA} bytes of data`);
  }
  return bytes;
}

/** Parses bmRequestType. Returns it with the words that follow. */
function parseRequestType([first = '', ...rest]: readonly string[]): [number, string[]] {
  if (/^\d/.test(first)) {
    return [parseNumber(first, 'bmRequestType', 0xff), rest];
  }
  const direction = oneOf(DIRECTIONS, first);
  if (direction === undefined) {
    throw new InvalidArgumentError('start with in or out, or with bmRequestType, such as 0xc0');
  }
  const [type = '', recipient = '', ...following] = rest;
  const parts = [
    direction,
    chosen(REQUEST_TYPES, type, `after ${direction}`),
    chosen(RECIPIENTS, recipient, `after ${type}`),
  ] as const;
  return [requestTypeOf(...parts), following];
}

/** Makes the buffer for the response to an IN request, whose last word is the length. */
function responseBuffer([length = '0', ...excess]: readonly string[]): Buffer {
  if (excess.length > 0) {
    throw new InvalidArgumentError('an IN request ends with its length; remove the words after it');
  }
  return Buffer.alloc(parseNumber(length, 'the length (wLength)', MAX_CONTROL_DATA));
}

function parseNumber(text: string, what: string, max: number): number {
  const value = /^(0x[0-9a-f]{1,8}|\d{1,8})$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) {
    throw new InvalidArgumentError(
      `give ${what} as a number from 0 to ${max}, decimal or hexadecimal such as 0x0e`,
    );
  }
  return value;
}

function chosen<Name extends string>(names: readonly Name[], word: string, where: string): Name {
  const name = oneOf(names, word);
  if (name === undefined) {
    const choices = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
    throw new InvalidArgumentError(`give ${choices} ${where}${didYouMean(word, names)}`);
  }
  return name;
}

function oneOf<Name extends string>(names: readonly Name[], word: string): Name | undefined {
  return names.find((name) => name === word);
}

/**
 * Reads the data of a request from a file; `-` is stdin.
 *
 * @throws CliError if the file cannot be read or is larger than a request can carry, or at a signal
 */
async function readRequestData(input: string, shutdown: Interruption): Promise<Buffer> {
  const { source, name } = await openInput({ input }, shutdown);
  const shown = name === undefined ? 'stdin' : sanitize(name);
  const data = Buffer.alloc(MAX_CONTROL_DATA + 1);
  try {
    const length = await readUpTo(source, data, shutdown.signal);
    if (length > MAX_CONTROL_DATA) {
      throw new CliError(
        'invalid-value',
        `${shown} is larger than ${MAX_CONTROL_DATA} bytes, the limit of a control request`,
      );
    }
    return data.subarray(0, length);
  } catch (cause) {
    throw cause instanceof CliError ? cause : cannotRead(shown, cause, shutdown, 'reading');
  } finally {
    await source.close();
  }
}

/** A request in the format of schema/control.schema.json. */
export function requestRecord({ request, data }: ControlTransfer): Record<string, unknown> {
  return {
    direction: directionOfRequest(request),
    type: typeOf(request) ?? null,
    recipient: recipientOf(request) ?? null,
    bmRequestType: request.requestType,
    bRequest: request.request,
    wValue: request.value,
    wIndex: request.index,
    wLength: data.length,
  };
}
