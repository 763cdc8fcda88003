import { spreadOf } from '../../bench/spread.js';
import { binarySize } from '../../terminal/format.js';

/** How the values of a chart are written. */
export interface ValueAxis {
  /** Of the numbers beside the axis, such as `MiB/s`. */
  readonly unit: string;
  /** Distances of two marks, rising. */
  readonly steps: readonly number[];
  /** A number beside the axis. */
  readonly mark: (value: number) => string;
}

const PREFIXES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 1, 2 and 5 times each power of ten from 10^first to 10^last, times a factor. */
function steps(first: number, last: number, factor = 1): number[] {
  const powers = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  return powers.flatMap((power) => [power * factor, 2 * power * factor, 5 * power * factor]);
}

/** Writes a number without trailing zeros. */
function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** An axis of bytes, in the unit that suits the largest value. @param per such as `/s` */
export function byteAxis(largest: number, per = ''): ValueAxis {
  let power = 0;
  while (largest >= 1000 * 1024 ** power && power < PREFIXES.length - 1) {
    power += 1;
  }
  const factor = 1024 ** power;
  return {
    unit: `${PREFIXES[power]}${per}`,
    steps: steps(power === 0 ? 0 : -3, 5, factor),
    mark: (value) => plain(value / factor),
  };
}

/** An axis of whole numbers. */
export const COUNT_AXIS: ValueAxis = { unit: '', steps: steps(0, 9), mark: plain };

/** An axis of shares, 0 to 1. */
export const PERCENT_AXIS: ValueAxis = {
  unit: '%',
  steps: steps(-6, -1),
  mark: (value) => plain(value * 100),
};

/** A number beside the time axis. The distance of two marks is 1, 2, 2.5 or 5 times a power of ten. */
export function timeMark(seconds: number, distance: number): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(distance)) + 1);
  return String(Number(seconds.toFixed(digits)));
}

/** Bytes per second, as usbxfer prints them. */
export function rateText(bytesPerSecond: number): string {
  return `${binarySize(bytesPerSecond)}/s`;
}

/** A share from 0 to 1 as `12.3 %`. */
export function percentText(share: number): string {
  return `${plain(Number((share * 100).toPrecision(3)))} %`;
}

/** Seconds with as many digits as are needed to tell moments apart in a span. */
export function secondsText(seconds: number, span: number): string {
  const digits = Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(span || 1))));
  return `${seconds.toFixed(digits)} s`;
}

/** A point in time in UTC: `2026-11-29 14:03:04.123`. Other text is returned as it is. */
export function clockText(time: string): string {
  const [, date, clock] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)Z$/.exec(time) ?? [];
  return date === undefined || clock === undefined ? time : `${date} ${clock}`;
}

/** The middle of values, as `spreadOf` of bench has it; NaN without any. */
export function median(values: readonly number[]): number {
  return spreadOf(values).median;
}

/** The largest of values and 0. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** The smallest of values; Infinity without any. */
export function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}
