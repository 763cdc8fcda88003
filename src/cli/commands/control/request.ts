import { createReadStream } from 'node:fs';
import {
  type ControlTransfer,
  directionOfRequest,
  LARGEST_CONTROL_DATA,
  RECIPIENTS,
  REQUEST_TYPES,
  recipientOf,
  requestTypeOf,
  typeOf,
} from '../../../usb/control.js';
import { InvalidArgumentError } from '../../commander.js';
import { CliError, systemReason } from '../../errors/cli-error.js';
import { didYouMean } from '../../errors/suggest.js';
import { sanitize } from '../../terminal/sanitize.js';

/*
 * Control requests as words: `in|out TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH|DATA]]]`, with a
 * number, bmRequestType, in place of the first three or not. `usbxfer help requests` explains them.
 */

const DIRECTIONS = ['in', 'out'] as const;

/** A request in one string, such as `out vendor device 0x01 1 0`: the value of an option. */
export function request(text: string): ControlTransfer {
  return parseRequest(text.trim().split(/\s+/));
}

/**
 * The request that words mean.
 *
 * @throws InvalidArgumentError that says what would have been right
 */
export function parseRequest(words: readonly string[]): ControlTransfer {
  const [requestType, rest] = readRequestType(words);
  const [code, value = '0', index = '0', ...data] = rest;
  const request = {
    requestType,
    request: readNumber(code ?? '', 'the request (bRequest)', 0xff),
    value: readNumber(value, 'the value (wValue)', 0xffff),
    index: readNumber(index, 'the index (wIndex)', 0xffff),
  };
  return {
    request,
    data: directionOfRequest(request) === 'in' ? roomFor(data) : hexBytes(data.join(' ')),
  };
}

/** Bytes from hexadecimal digits: `0102ff`, `01 02 ff`, `01:02:ff`. */
export function hexBytes(text: string): Buffer {
  const groups = text.trim() === '' ? [] : text.trim().split(/[\s:]+/);
  if (!groups.every((group) => /^([0-9a-f]{2})+$/i.test(group))) {
    throw new InvalidArgumentError(
      'give the data as two hexadecimal digits a byte, such as 0102ff',
    );
  }
  const bytes = Buffer.from(groups.join(''), 'hex');
  if (bytes.length > LARGEST_CONTROL_DATA) {
    throw new InvalidArgumentError(`give at most ${LARGEST_CONTROL_DATA} bytes of data`);
  }
  return bytes;
}

/** bmRequestType, and the words behind it. */
function readRequestType([first = '', ...rest]: readonly string[]): [number, string[]] {
  if (/^\d/.test(first)) {
    return [readNumber(first, 'bmRequestType', 0xff), rest];
  }
  const direction = oneOf(DIRECTIONS, first);
  if (direction === undefined) {
    throw new InvalidArgumentError('begin with in or out, or with bmRequestType, such as 0xc0');
  }
  const [type = '', recipient = '', ...behind] = rest;
  const parts = [
    direction,
    chosen(REQUEST_TYPES, type, `behind ${direction}`),
    chosen(RECIPIENTS, recipient, `behind ${type}`),
  ] as const;
  return [requestTypeOf(...parts), behind];
}

/** Of an IN request comes, at the end, how many bytes there is room for. */
function roomFor([length = '0', ...excess]: readonly string[]): Buffer {
  if (excess.length > 0) {
    throw new InvalidArgumentError('an IN request ends with its length: nothing may follow');
  }
  return Buffer.alloc(readNumber(length, 'the length (wLength)', LARGEST_CONTROL_DATA));
}

function readNumber(text: string, what: string, most: number): number {
  const value = /^(0x[0-9a-f]{1,8}|\d{1,8})$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) {
    throw new InvalidArgumentError(
      `give ${what} as a number from 0 to ${most}, decimal or hexadecimal such as 0x0e`,
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
 * The data of a request, all that is in a file; `-` is stdin.
 *
 * @throws CliError when the file cannot be read, and when it has more than a request can carry
 */
export async function readRequestData(file: string): Promise<Buffer> {
  const name = file === '-' ? 'stdin' : sanitize(file);
  const stream: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LARGEST_CONTROL_DATA) {
        break;
      }
    }
  } catch (cause) {
    throw new CliError('input-failed', `cannot read ${name}: ${systemReason(cause)}`, { cause });
  }
  if (length > LARGEST_CONTROL_DATA) {
    throw new CliError(
      'invalid-value',
      `${name} has more than the ${LARGEST_CONTROL_DATA} bytes that a request can carry`,
    );
  }
  return Buffer.concat(chunks);
}

/** A control request for scripts, as schema/control.schema.json describes it. */
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
