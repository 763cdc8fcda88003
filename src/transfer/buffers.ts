/** The first so many bytes of buffers, which are not copied. */
export function firstOf(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  const first: Buffer[] = [];
  let left = bytes;
  for (const buffer of buffers) {
    if (left <= 0) {
      break;
    }
    first.push(left < buffer.length ? buffer.subarray(0, left) : buffer);
    left -= buffer.length;
  }
  return first;
}

/** What is left of buffers behind so many bytes. */
export function behind(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  let whole = 0;
  for (const { length } of buffers) {
    if (left < length) {
      break;
    }
    left -= length;
    whole += 1;
  }
  const [partial, ...rest] = buffers.slice(whole);
  return partial === undefined ? [] : [partial.subarray(left), ...rest];
}
