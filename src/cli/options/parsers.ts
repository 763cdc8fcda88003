import { totalmem } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { RESTARTS, type Restart } from '../../engine/device/restart.js';
import { CLASS_NAMES, classCode } from '../../usb/device-class.js';
import { type DeviceFilter, type Direction, endpointAddress } from '../../usb/model.js';
import { parseServerAddress, type ServerAddress } from '../../usb/server-address.js';
import { didYouMean } from '../errors/suggest.js';
import { COUNTS, type Limits, parseLimited, SIZES, TIMES } from './quantities.js';

/*
 * Parsers for the values of options. Each throws commander's InvalidArgumentError, whose message
 * says which values are valid.
 */

/**
 * The parser of an option that may be given several times: collects the values in a list.
 *
 * @param parse the parser of one value
 */
export function repeatable<T>(parse: (text: string) => T) {
  return (text: string, before: readonly T[] = []): readonly T[] => [...before, parse(text)];
}

/** Limits on memory, so that a typo is rejected before any allocation. */
const MAX_TRANSFERS = 1024;
const MAX_RUNS = 1000;
const TRANSFER_SIZE: Limits = { max: 256 * 1024 * 1024, maxText: '256MiB' };

/** The limits of an output file, in bytes and milliseconds. */
const FILE_SIZE: Limits = { min: 512 };
const FILE_TIME: Limits = { min: 100 };

/** A vendor or product ID: hexadecimal, as lsusb prints it. */
export function id(text: string): number {
  if (!/^(0x)?[0-9a-f]{1,4}$/i.test(text)) {
    throw new InvalidArgumentError('give 1 to 4 hexadecimal digits, as printed by lsusb');
  }
  return Number.parseInt(text, 16);
}

/** How fast to play a recording: `max` is Infinity, `real` is 1, and any factor above 0. */
export function replaySpeed(text: string): number {
  const words: Readonly<Record<string, number>> = { max: Number.POSITIVE_INFINITY, real: 1 };
  const factor = words[text] ?? (/^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : 0);
  if (factor <= 0) {
    throw new InvalidArgumentError('give max, real or a factor above 0, such as 0.5 or 10');
  }
  return factor;
}

/** `VID` or `VID:PID`. */
export function idPair(text: string): DeviceFilter {
  const [vid = '', pid, ...rest] = text.split(':');
  if (rest.length > 0) {
    throw new InvalidArgumentError('give VID:PID or VID, in hexadecimal digits');
  }
  return pid ? { vid: id(vid), pid: id(pid) } : { vid: id(vid) };
}

/**
 * The address of an endpoint to read from: `0x82` or `82`. A single digit is an endpoint number: `2`
 * means 0x82. A well-formed OUT address passes, because the error that lists the device's endpoints
 * is more helpful.
 */
export function inEndpoint(text: string): number {
  return endpoint(text, 'in');
}

/** The address of an endpoint to write to, in the same form: `2` means 0x02. */
export function outEndpoint(text: string): number {
  return endpoint(text, 'out');
}

/** The address of an endpoint in either direction. A number alone does not say which one. */
export function endpointInFull(text: string): number {
  if (text.length === 1) {
    throw new InvalidArgumentError(`give an address, such as 0x8${text} or 0x0${text}`);
  }
  return endpoint(text, 'in');
}

/** @param direction the direction if only the endpoint number is given */
function endpoint(text: string, direction: Direction): number {
  const digits = /^(?:0x)?([0-9a-f]{1,2})$/i.exec(text)?.[1];
  const value = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  const numberOnly = text.length === 1;
  // Bits 6..4 of an address are reserved and zero; endpoint 0 is the control endpoint.
  if (Number.isNaN(value) || (value & 0x70) !== 0 || (value & 0x0f) === 0) {
    throw new InvalidArgumentError(
      `give an endpoint address such as ${direction === 'in' ? '0x82' : '0x02'}, or its number, 1 to f`,
    );
  }
  return numberOnly ? endpointAddress(value, direction) : value;
}

const BYTES = { ...COUNTS, example: 'give a number from 0 to 255' };

/** A decimal number from 0 to 255: a bus, a device address, an interface or an alternate setting. */
export function uint8(text: string): number {
  return parseLimited(text, BYTES, { min: 0, max: 255 });
}

/** The code of a class: its name, or one or two hexadecimal digits. */
export function deviceClass(text: string): number {
  const digits = /^(?:0x)?([0-9a-f]{1,2})$/i.exec(text)?.[1];
  const code = digits === undefined ? classCode(text) : Number.parseInt(digits, 16);
  if (code === undefined) {
    const meant = didYouMean(text.toLowerCase(), CLASS_NAMES);
    throw new InvalidArgumentError(
      `give a class such as hid or mass-storage, or its code, such as 08${meant}`,
    );
  }
  return code;
}

/** `HOST[:PORT]` of a USB/IP server. */
export function serverAddress(text: string): ServerAddress {
  const address = parseServerAddress(text);
  if (address === undefined || address.port === 0) {
    throw new InvalidArgumentError(
      'give a host name or an IP address, such as pi.local or [::1]:3240',
    );
  }
  return address;
}

/** `ADDRESS`, `ADDRESS:PORT` or `:PORT` to listen at; port 0 is any free one. */
export function listenAddress(text: string): ServerAddress {
  const address = parseServerAddress(/^:\d+$/.test(text) ? `127.0.0.1${text}` : text);
  if (address === undefined) {
    throw new InvalidArgumentError('give an IP address or a host name, such as 0.0.0.0 or :3241');
  }
  return address;
}

/** A port path, such as `3-1.2`. */
export function path(text: string): string {
  if (!/^(\d{1,3}-\d{1,3}(\.\d{1,3})*|usb\d{1,3})$/.test(text)) {
    throw new InvalidArgumentError('give a port path as shown by usbxfer list, such as 3-1.2');
  }
  return text;
}

/** A device by its port path, `3-1.2`, or by its IDs, `1234:5678`. */
export function deviceSelector(text: string): DeviceFilter {
  if (/^(usb\d|\d+-)/.test(text)) {
    return { path: path(text) };
  }
  if (!/^(0x)?[0-9a-f]+(:\S*)?$/i.test(text)) {
    throw new InvalidArgumentError('give a device as VID:PID, such as 1234:5678, or a port path');
  }
  return idPair(text);
}

/** Whether a word can only be a device, because it has the form `VID:PID` or `BUS-PORT`. */
export function isDeviceSelector(word: string): boolean {
  return /^(usb\d|\d+-|[^\s:]+:)\S*$/.test(word);
}

const TRANSFERS = { ...COUNTS, example: `give a whole number from 1 to ${MAX_TRANSFERS}` };

/** The number of transfers in flight. */
export function transferCount(text: string): number {
  return parseLimited(text, TRANSFERS, { max: MAX_TRANSFERS });
}

/** The size of one transfer, in bytes. */
export function transferSize(text: string): number {
  return parseLimited(text, SIZES, TRANSFER_SIZE);
}

const PACKET_HEADER: Limits = { max: 1023 };

/** Bytes at the start of each packet: less than the largest packet. */
export function packetHeader(text: string): number {
  return parseLimited(
    text,
    { ...COUNTS, example: `give a number of bytes from 1 to ${PACKET_HEADER.max}` },
    PACKET_HEADER,
  );
}

/** The size of a buffer, in bytes: at most the memory of this machine. */
export function bufferSize(text: string): number {
  const max = totalmem();
  return parseLimited(text, SIZES, { max, maxText: `${max} bytes, the memory of this machine` });
}

/** A size in bytes, at least 1. */
export function size(text: string): number {
  return parseLimited(text, SIZES);
}

/** A number of bytes to skip: a size that may be 0, because a run may report 0. */
export function offset(text: string): number {
  return parseLimited(text, SIZES, { min: 0 });
}

/** A time in milliseconds, at least 1. */
export function duration(text: string): number {
  return parseLimited(text, TIMES);
}

/** The time between two reports: at least 10 milliseconds. */
export function interval(text: string): number {
  return parseLimited(text, TIMES, { min: 10 });
}

/** The size of each output file, in bytes. */
export function splitSize(text: string): number {
  return parseLimited(text, SIZES, FILE_SIZE);
}

/** The duration of each output file, in milliseconds. */
export function splitTime(text: string): number {
  return parseLimited(text, TIMES, FILE_TIME);
}

const TIMES_OR_FOREVER = { ...TIMES, example: `${TIMES.example}, or forever` };

/** A timeout in milliseconds; Infinity for `forever`. */
export function timeoutOrForever(text: string): number {
  return text === 'forever' ? Number.POSITIVE_INFINITY : parseLimited(text, TIMES_OR_FOREVER);
}

/** The restarts in a row of a silent device, unless the option says how many. */
const DEFAULT_ATTEMPTS = 3;

/** A restart, and the number of restarts in a row: `reset` or `reset,5`. */
export function restart(text: string): { restart: Restart; attempts: number } {
  const [name = '', number, ...more] = text.split(',');
  const found = RESTARTS.find((candidate) => candidate === name);
  if (found === undefined || more.length > 0) {
    const meant = didYouMean(name, RESTARTS);
    throw new InvalidArgumentError(
      `give ${RESTARTS.slice(0, -1).join(', ')} or ${RESTARTS.at(-1)}, and a number of attempts as in reset,5${meant}`,
    );
  }
  return { restart: found, attempts: number === undefined ? DEFAULT_ATTEMPTS : count(number) };
}

/** A number of things, at least 1. */
export function count(text: string): number {
  return parseLimited(text, COUNTS);
}

/** The number of runs of a measurement. */
export function runs(text: string): number {
  return parseLimited(
    text,
    { ...COUNTS, example: `give a whole number from 1 to ${MAX_RUNS}` },
    { max: MAX_RUNS },
  );
}
