/** Where received bytes go. */
export interface Sink {
  /**
   * Whether the sink keeps each buffer that is full, for good: one that fills its `ArrayBuffer`. Others
   * belong to it until `done`, as all do by default.
   */
  readonly keepsFullBuffers?: boolean;

  /** Called once, when the device is ready to stream and before the first `write`. */
  start(): Promise<void>;

  /**
   * Writes buffers in order: all of them, or up to a failure. One write at a time. The buffers and the
   * array belong to the sink until `done`. Should return soon: the transfer that brought the bytes may be
   * submitted again only after that.
   *
   * @param done never called from within `write`
   */
  write(buffers: readonly Buffer[], done: WriteDone): void;

  /**
   * Closes the sink. Also called without a `start`, if no run took place.
   *
   * @throws if closing shows that earlier bytes were lost
   */
  close(): Promise<void>;
}

/** Called with the number of bytes written, and with the error that ended the write, if any. */
export type WriteDone = (error: Error | undefined, written: number) => void;

/** Returns the first `bytes` bytes of buffers, without copying them. */
export function takeBytes(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  const taken: Buffer[] = [];
  let left = bytes;
  for (const buffer of buffers) {
    if (left <= 0) {
      break;
    }
    taken.push(left < buffer.length ? buffer.subarray(0, left) : buffer);
    left -= buffer.length;
  }
  return taken;
}

/** Returns buffers without their first `bytes` bytes, without copying them. */
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

/** Returns whether a write failed because the reader closed the pipe, or reset the connection. */
export function isReaderGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ECONNRESET';
}
