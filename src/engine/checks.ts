/*
 * Checks of the options of a stream, before anything is opened. Callers in JavaScript get no help from
 * types: a wrong value must not leave a device open or wait forever.
 */

/**
 * Checks an option.
 *
 * @param isKind a further condition on the value
 * @throws TypeError for a value that is no number; RangeError for NaN, for a value below `min`, and for a
 *   value that fails `isKind`
 */
export function requireRange(
  name: string,
  value: number,
  min: number,
  isKind: (value: number) => boolean = () => true,
): void {
  requireNumber(name, value);
  if (!(value >= min && isKind(value))) {
    const kind = KINDS.get(isKind) ?? 'a number';
    throw new RangeError(`${name} must be ${kind} of at least ${min}, not ${value}`);
  }
}

/** Returns whether a value is an integer or Infinity: a limit, or none. */
export function isCount(value: number): boolean {
  return Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
}

const KINDS: ReadonlyMap<(value: number) => boolean, string> = new Map([
  [Number.isInteger, 'an integer'],
  [isCount, 'an integer'],
]);

/**
 * Checks a time in milliseconds, or Infinity.
 *
 * @param value undefined if it was not given
 * @throws TypeError for a value that is no number; RangeError for NaN, 0 and negative values
 */
export function requireTime(name: string, value: number | undefined): void {
  if (value === undefined) {
    return;
  }
  requireNumber(name, value);
  if (!(value > 0)) {
    throw new RangeError(`${name} must be a number of milliseconds above 0, not ${value}`);
  }
}

function requireNumber(name: string, value: unknown): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number, not ${typeof value}`);
  }
}

/** @throws TypeError for a value that is not one of these */
export function requireOneOf(name: string, value: unknown, values: readonly unknown[]): void {
  if (!values.includes(value)) {
    throw new TypeError(`${name} must be ${values.join(' or ')}, not ${String(value)}`);
  }
}

/** @throws TypeError for a value that is no AbortSignal */
export function requireSignal(name: string, value: unknown): void {
  if (!(value instanceof AbortSignal)) {
    throw new TypeError(`${name} must be an AbortSignal`);
  }
}

/** @throws TypeError for a value without one of the methods */
export function requireMethods<T extends object>(
  name: string,
  value: T | undefined,
  methods: readonly (keyof T & string)[],
): void {
  for (const method of methods) {
    if (typeof value?.[method] !== 'function') {
      throw new TypeError(`${name} must have the method ${method}`);
    }
  }
}
