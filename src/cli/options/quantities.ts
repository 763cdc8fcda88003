import { InvalidArgumentError } from 'commander';
import { DURATION_UNITS, parseDuration, parseSize, SIZE_UNITS } from '../../usb/format.js';

/*
 * Parses sizes, times and counts. A value that is refused gets the reason, and the value that was
 * probably meant.
 */

/** How a kind of quantity is written. */
export interface Notation {
  /** Valid values, for the message about an invalid one. */
  readonly example: string;
  /** Returns a whole number from 0 to `Number.MAX_SAFE_INTEGER`; undefined if `text` is none. */
  readonly parse: (text: string) => number | undefined;
  readonly units: ReadonlyMap<string, number>;
  /** Other words for units, in lower case. They are suggested, not accepted. */
  readonly words: ReadonlyMap<string, string>;
  /** The smallest part: `byte`; undefined if a value has no fraction anyway. */
  readonly part: string | undefined;
  /** Formats a limit. */
  readonly show: (value: number) => string;
}

/** Sizes in bytes. */
export const SIZES: Notation = {
  example: 'give a size such as 4096, 64k, 64KiB (1024) or 64kB (1000)',
  parse: parseSize,
  units: SIZE_UNITS,
  words: new Map([
    ['byte', 'B'],
    ['bytes', 'B'],
  ]),
  part: 'byte',
  show: (bytes) => `${bytes} bytes`,
};

/** Times in milliseconds. */
export const TIMES: Notation = {
  example: 'give a time such as 250ms, 10s, 5m or 1h30m',
  parse: parseDuration,
  units: DURATION_UNITS,
  words: new Map(
    Object.entries({
      ms: ['msec', 'msecs', 'millisecond', 'milliseconds'],
      s: ['sec', 'secs', 'second', 'seconds'],
      m: ['min', 'mins', 'minute', 'minutes'],
      h: ['hr', 'hrs', 'hour', 'hours'],
      d: ['day', 'days'],
    }).flatMap(([unit, words]) => words.map((word) => [word, unit])),
  ),
  part: 'millisecond',
  show: (milliseconds) => `${milliseconds}ms`,
};

/** Whole numbers without a unit. */
export const COUNTS: Notation = {
  example: 'give a whole number',
  parse: (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(value) ? value : undefined;
  },
  units: new Map([['', 1]]),
  words: new Map(),
  part: undefined,
  show: String,
};

/** The range of a quantity. */
export interface Limits {
  /** 1 by default. */
  readonly min?: number;
  /** `Number.MAX_SAFE_INTEGER` by default. */
  readonly max?: number;
  /** The maximum as text. */
  readonly maxText?: string;
}

/**
 * Parses a quantity.
 *
 * @throws InvalidArgumentError whose message says what is wrong with the value, or which values are
 *   valid
 */
export function parseLimited(text: string, notation: Notation, limits: Limits = {}): number {
  const { min = 1, max = Number.MAX_SAFE_INTEGER } = limits;
  const { maxText = notation.show(max) } = limits;
  const value = notation.parse(text) ?? unparsedValue(text, notation);
  if (value === undefined) {
    const meant = corrections(text, notation).find((correction) => {
      const corrected = notation.parse(correction);
      return corrected !== undefined && corrected >= min && corrected <= max;
    });
    const suggestion = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    throw new InvalidArgumentError(notation.example + suggestion);
  }
  if (value < Math.min(min, 1)) {
    throw new InvalidArgumentError(min === 0 ? 'it must not be negative' : 'it must be above 0');
  }
  if (value < min) {
    throw new InvalidArgumentError(`too small: the minimum is ${notation.show(min)}`);
  }
  if (value > max) {
    throw new InvalidArgumentError(`too large: the maximum is ${maxText}`);
  }
  return value;
}

/**
 * The approximate value of a number that is negative or too large to be parsed; undefined for other
 * text.
 *
 * @throws InvalidArgumentError for a fraction of the smallest part, such as half a byte
 */
function unparsedValue(text: string, { units, part }: Notation): number | undefined {
  if (/^-[.,]?\d/.test(text)) {
    return Number.NEGATIVE_INFINITY;
  }
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = units.get(unit);
  if (number === '' || factor === undefined) {
    return undefined;
  }
  if (Number(number) * factor > Number.MAX_SAFE_INTEGER) {
    return Number.POSITIVE_INFINITY;
  }
  if (part === undefined) {
    return undefined;
  }
  throw new InvalidArgumentError(`it must be a whole number of ${part}s`);
}

/** Quantities that the text may stand for, likely ones first. Some may be invalid. */
function corrections(text: string, notation: Notation): string[] {
  const compact = text.replace(/\s+/g, '');
  const [, digits = '', exponent = '0', word = ''] =
    /^([\d.,_']+)(?:e\+?(\d{1,2}))?([a-z]*)$/i.exec(compact) ?? [];
  const hexadecimal = /^0x[0-9a-f]{1,12}$/i.test(compact) ? [String(Number(compact))] : [];
  return [
    ...hexadecimal,
    ...(digits === '' ? [] : [plainNumber(digits, Number(exponent)) + likelyUnit(word, notation)]),
    compact,
    compact.toLowerCase(),
  ];
}

/** Writes a number without exponent, grouping or decimal comma: `1,000` as 1000, `1,5` as 1.5. */
function plainNumber(digits: string, exponent: number): string {
  const isGrouped = /^\d{1,3}([,_']\d{3})+$/.test(digits);
  const number = isGrouped ? digits.replace(/[,_']/g, '') : digits.replace(',', '.');
  const complete = number.replace(/^\./, '0.').replace(/\.$/, '');
  return exponent === 0 ? complete : String(Number(complete) * 10 ** exponent);
}

/** The unit that a word stands for: the same letters in another case, or another word for it. */
function likelyUnit(word: string, { units, words }: Notation): string {
  const lower = word.toLowerCase();
  const sameLetters = [...units.keys()].filter((unit) => unit.toLowerCase() === lower);
  const [nearest = words.get(lower) ?? word] = sameLetters.sort(
    (a, b) => changes(word, a) - changes(word, b),
  );
  return nearest;
}

function changes(word: string, other: string): number {
  return [...word].filter((letter, i) => letter !== other[i]).length;
}
