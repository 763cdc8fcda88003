import { hex2 } from '../../usb/format.js';
import type { DeviceInfo } from '../../usb/model.js';

/** `001:004`: bus and address, as in the paths of device nodes */
export function busAddress({ bus, address }: DeviceInfo): string {
  return `${String(bus).padStart(3, '0')}:${String(address).padStart(3, '0')}`;
}

/** A version in binary-coded decimal, such as bcdUSB: `2.00`, `3.10`. */
export function usbVersion(bcd: number): string {
  return `${(bcd >> 8).toString(16)}.${hex2(bcd & 0xff)}`;
}

/** A signalling rate in Mbit/s: `1.5M`, `480M`, `5G`. */
export function signallingRate(megabits: number): string {
  return megabits >= 1000 ? `${megabits / 1000}G` : `${megabits}M`;
}

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes with three significant digits and a binary unit: `64.0 MiB`. */
export function binarySize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BINARY_UNITS[unit]}`;
}

/** `1 transfer`, `2 transfers` */
export function countOf(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** A time with three digits: `12.3 ms`. */
export function shortTime(seconds: number): string {
  const [factor, unit] =
    seconds >= 1 ? [1, 's'] : seconds >= 1e-3 ? [1e3, 'ms'] : ([1e6, 'µs'] as const);
  const value = seconds * factor;
  return `${value.toFixed(value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

/** Seconds as `0:07`, `12:34`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [whole / 3600, (whole / 60) % 60, whole % 60].map(Math.floor);
  const tail = String(rest).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** The local time, in seconds: `2026-11-29 14:03:04`. */
export function localTime(time: Date): string {
  const pad = (number: number) => String(number).padStart(2, '0');
  const date = [time.getFullYear(), pad(time.getMonth() + 1), pad(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(pad).join(':')}`;
}

/** Whether the locale (setlocale(3)) has a UTF-8 character set. Without a locale, it is assumed. */
export function showsUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || 'C.UTF-8');
}
