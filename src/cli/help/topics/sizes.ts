import { DURATION_UNITS, SIZE_UNITS } from '../../../usb/format.js';
import type { Part, Term } from '../layout.js';

/** `usbxfer help sizes` */
export const PARTS: readonly Part[] = [
  { heading: 'Sizes' },
  'A decimal number with a unit, as in 4096, 64k, 1.5MiB: it has to be a whole number of bytes.',
  { terms: termsOf(SIZE_UNITS, (bytes) => (bytes === 1 ? 'Bytes.' : `${bytes} bytes.`)) },
  { heading: 'Times' },
  'A decimal number with a unit, as in 250ms, 10s, 1.5m. Where a time says how long to wait for a ' +
    'device, it may be the word forever.',
  {
    terms: termsOf(DURATION_UNITS, (ms) =>
      ms === 1000 ? 'Seconds.' : ms < 1000 ? 'Milliseconds.' : `${ms / 1000} seconds.`,
    ),
  },
  { heading: 'Devices and endpoints' },
  {
    terms: [
      ['vid, pid', 'One to four hexadecimal digits, as in lsusb: 1234, 0x1234, 4b4.'],
      ['path', 'A port path, as usbxfer list shows it: 3-1.2.'],
      ['endpoint', 'Its address, in hexadecimal, 0x82 or 82; or its number, one digit: 2.'],
      ['bus, address', 'Decimal, from 0 to 255; so are interfaces and alternate settings.'],
    ],
  },
];

/** One term for each value: the units that mean it. */
function termsOf(
  units: ReadonlyMap<string, number>,
  meaning: (value: number) => string,
): readonly Term[] {
  const names = new Map<number, string[]>();
  for (const [unit, value] of units) {
    names.set(value, [...(names.get(value) ?? []), unit === '' ? 'no unit' : unit]);
  }
  return [...names].map(([value, units]) => [units.join(', '), meaning(value)]);
}
