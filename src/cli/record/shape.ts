/**
 * What a value of a file must be. Returns what is wrong, as the end of a sentence that begins with the
 * name of the value: ` is missing`, `.seconds is not a number from 0`; undefined if it fits.
 */
export interface Shape<T> {
  (value: unknown): string | undefined;
  /** The type of a value that fits. Never set. */
  readonly type?: T;
}

/** The type of the values that fit a shape. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

/** A number that is not negative and not above a limit. */
export function amount(most: number): Shape<number> {
  return (value) =>
    typeof value === 'number' && value >= 0 && value <= most
      ? undefined
      : (missing(value) ?? ` is not a number from 0 to ${most}`);
}

/** A number of bytes or transfers: exact as an integer. */
export const AMOUNT = amount(Number.MAX_SAFE_INTEGER);

/** The longest run in seconds, about 30 years: sums and places in it are exact. */
const LONGEST_RUN = 1e9;

/** A length of time in seconds. */
export const SECONDS = amount(LONGEST_RUN);

/** A moment in seconds, which may be a little before the start. */
export const MOMENT: Shape<number> = (value) =>
  typeof value === 'number' && Math.abs(value) <= LONGEST_RUN
    ? undefined
    : (missing(value) ?? ` is not a number up to ${LONGEST_RUN}`);

export const TEXT: Shape<string> = typed('string', 'a text');

export const FLAG: Shape<boolean> = typed('boolean', 'true or false');

/** A time in UTC, as usbxfer writes it: with milliseconds or microseconds. */
export const TIME: Shape<string> = (value) =>
  typeof value === 'string' && value.length <= LONGEST_TIME && !Number.isNaN(Date.parse(value))
    ? undefined
    : (missing(value) ?? ' is not a time');

const LONGEST_TIME = '2026-11-30T00:41:59.123456Z'.length;

/** One of some texts. */
export function oneOf<const T extends string>(...texts: readonly T[]): Shape<T> {
  const known: ReadonlySet<unknown> = new Set(texts);
  return (value) =>
    known.has(value) ? undefined : (missing(value) ?? ` is not one of ${texts.join(', ')}`);
}

/** A value that may be null or absent. */
export function optional<T>(shape: Shape<T>): Shape<T | null | undefined> {
  return (value) => (value === null || value === undefined ? undefined : shape(value));
}

/** A list. @param most entries */
export function listOf<T>(shape: Shape<T>, most: number): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) {
      return missing(value) ?? ' is not a list';
    }
    if (value.length > most) {
      return ` has more than ${most} entries`;
    }
    for (const [i, entry] of value.entries()) {
      const problem = shape(entry);
      if (problem !== undefined) {
        return `[${i}]${problem}`;
      }
    }
    return undefined;
  };
}

/** An object with these fields, and possibly others. */
export function object<const F extends Readonly<Record<string, Shape<unknown>>>>(
  fields: F,
): Shape<{ readonly [K in keyof F]: TypeOf<F[K]> }> {
  const names = Object.keys(fields);
  const shapes = Object.values(fields);
  return (value) => {
    if (!isObject(value)) {
      return missing(value) ?? ' is not an object';
    }
    // Checked for each line of a file: an iterator would take twice the time.
    for (let i = 0; i < names.length; i += 1) {
      const name = names[i] ?? '';
      const problem = shapes[i]?.(value[name]);
      if (problem !== undefined) {
        return `.${name}${problem}`;
      }
    }
    return undefined;
  };
}

/** Whether a value is an object with fields: no list, and not null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value fits a shape. */
export function fits<T>(value: unknown, shape: Shape<T>): value is T {
  return shape(value) === undefined;
}

function typed<T>(type: 'string' | 'boolean', name: string): Shape<T> {
  return (value) => (typeof value === type ? undefined : (missing(value) ?? ` is not ${name}`));
}

function missing(value: unknown): string | undefined {
  return value === undefined ? ' is missing' : undefined;
}
