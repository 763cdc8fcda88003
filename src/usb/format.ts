import type { DeviceInfo } from './model.js';

/*
 * Formats and parses IDs, endpoint addresses, port paths, sizes and durations.
 */

/** Formats a byte as two hexadecimal digits. */
export function hex2(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Formats a vendor or product ID as lsusb does: four hexadecimal digits. */
export function hex4(id: number): string {
  return id.toString(16).padStart(4, '0');
}

/** Formats the IDs of a device: `1234:5678`. */
export function ids({ vid, pid }: Pick<DeviceInfo, 'vid' | 'pid'>): string {
  return `${hex4(vid)}:${hex4(pid)}`;
}

/** Formats an endpoint address: `0x82`. */
export function formatEndpoint(address: number): string {
  return `0x${hex2(address)}`;
}

/**
 * Returns the port path of a device, as the Linux kernel names it: `3-1.2` is bus 3, root port 1,
 * port 2 of the hub there; `usb3` is the root hub of bus 3.
 */
export function portPath(bus: number, ports: readonly number[]): string {
  return ports.length === 0 ? `usb${bus}` : `${bus}-${ports.join('.')}`;
}

/** Compares port paths by bus, then port by port: a hub comes before the devices plugged into it. */
export function comparePaths(a: string, b: string): number {
  const left = numbersIn(a);
  const right = numbersIn(b);
  const length = Math.max(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

function numbersIn(path: string): number[] {
  return (path.match(/\d+/g) ?? []).map(Number);
}

/** Returns the path of the hub that a device is plugged into; undefined for a root hub. */
export function parentPath(path: string): string | undefined {
  const port = path.lastIndexOf('.');
  if (port >= 0) {
    return path.slice(0, port);
  }
  const root = path.indexOf('-');
  return root < 0 ? undefined : `usb${path.slice(0, root)}`;
}

/*
 * Sizes and durations are a decimal number with a unit. Parsing is strict, because a size that is
 * silently misread loses data: no signs, no exponents, no NaN, and no result that is not an integer
 * up to `Number.MAX_SAFE_INTEGER`.
 */

const NUMBER_AND_UNIT = /^([0-9]+)(?:\.([0-9]+))? ?([A-Za-z]*)$/;

/** The units of sizes in bytes; '' stands for no unit. */
export const SIZE_UNITS: ReadonlyMap<string, number> = new Map<string, number>([
  ['', 1],
  ['B', 1],
  ...['k', 'K', 'M', 'G', 'T'].flatMap((prefix): [string, number][] => {
    const power = 'KMGT'.indexOf(prefix.toUpperCase()) + 1;
    return [
      [prefix, 1024 ** power],
      [`${prefix}i`, 1024 ** power],
      [`${prefix}iB`, 1024 ** power],
      [`${prefix}B`, 1000 ** power],
    ];
  }),
]);

/** The units of durations in milliseconds, in ascending order; '' stands for no unit. */
export const DURATION_UNITS: ReadonlyMap<string, number> = new Map<string, number>([
  ['', 1000],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** The maximum delay of a Node timer in milliseconds, 24.8 days; a longer one would fire at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Parses a size: `512`, `512B`, `64k` = `64K` = `64Ki` = `64KiB` (1024-based), `64kB` (1000-based),
 * likewise with M, G and T. A fraction must give a whole number of bytes: `1.5M`.
 *
 * @returns bytes, from 0 to `Number.MAX_SAFE_INTEGER`; undefined if `text` is not a valid size
 */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_UNITS);
}

/**
 * Parses a duration: `250ms`, `10s`, `5m`, `1h`, `1d`; a plain number means seconds. A fraction must
 * give a whole number of milliseconds: `1.5s`. Several whole numbers may follow each other, from the
 * largest unit to the smallest: `1h30m`.
 *
 * @returns milliseconds, from 0 to `Number.MAX_SAFE_INTEGER`, which may exceed `MAX_TIMEOUT_MS`;
 *   undefined if `text` is not a valid duration
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:[0-9]+[a-z]+){2,}$/.test(text)) {
    return parseQuantity(text, DURATION_UNITS);
  }
  const parts = text.match(/[0-9]+[a-z]+/g) ?? [];
  const units = parts.map((part) => DURATION_UNITS.get(part.replace(/^[0-9]+/, '')) ?? Number.NaN);
  const descend = units.every((unit, i) => unit < (units[i - 1] ?? Number.POSITIVE_INFINITY));
  const values = parts.map((part) => parseQuantity(part, DURATION_UNITS) ?? Number.NaN);
  const sum = values.reduce((total, value) => total + value, 0);
  return descend && Number.isSafeInteger(sum) ? sum : undefined;
}

function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, whole = '', fraction = '', unit = ''] = NUMBER_AND_UNIT.exec(text) ?? [];
  const factor = units.get(unit);
  if (whole === '' || factor === undefined) {
    return undefined;
  }
  // Integer arithmetic, so that rounding cannot change the value.
  const scaled = BigInt(whole + fraction) * BigInt(factor);
  const divisor = 10n ** BigInt(fraction.length);
  const value = Number(scaled / divisor);
  return scaled % divisor === 0n && Number.isSafeInteger(value) ? value : undefined;
}
