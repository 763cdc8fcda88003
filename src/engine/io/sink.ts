/** Where received bytes go. */
export interface Sink {
  /** Called once, when the device is ready to stream and before the first `write`. */
  start(): Promise<void>;

  /**
   * Writes buffers one after the other, all of them or up to a failure. One write at a time. The
   * buffers, and the array, are the sink's until `done`.
   *
   * @param done never called from within `write`
   */
  write(buffers: readonly Buffer[], done: WriteDone): void;

  /**
   * Closes the sink; also without a `start`, when no capture came to be.
   *
   * @throws when closing shows that earlier bytes did not arrive
   */
  close(): Promise<void>;
}

/** Told the bytes that were taken, and the failure that ended the write, if one did. */
export type WriteDone = (error: Error | undefined, written: number) => void;

/** The first so many bytes of buffers, which are not copied. */
export function takeBytes(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
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
export function skipBytes(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
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
