/**
 * Checks an option.
 *
 * @param isKind a further condition on the value
 * @throws RangeError for NaN, for a value below `min`, and for a value that fails `isKind`
 */
export function requireRange(
  name: string,
  value: number,
  min: number,
  isKind: (value: number) => boolean = () => true,
): void {
  if (!(value >= min && isKind(value))) {
    const kind = isKind === Number.isInteger ? 'an integer' : 'a number';
    throw new RangeError(`${name} must be ${kind} of at least ${min}, not ${value}`);
  }
}
