/** Where bytes to send come from. */
export interface Source {
  /**
   * Reads some bytes, at least one unless the input is at its end, into `buffer` from `start` up to
   * `end`, and never takes more from the input than that. One read at a time. The buffer is the
   * source's until `done`.
   *
   * @param done never called from within `read`
   */
  read(buffer: Buffer, start: number, end: number, done: ReadDone): void;

  /**
   * Bytes from here to the end, where that is known: of a regular file or a disk. A file may still
   * grow or shrink; where its end is, a read tells.
   */
  readonly size: number | undefined;

  /**
   * Ends, also a read that waits: its `done` is not called any more, and its buffer is not to be used
   * again. Never waits for a read, and lets the process exit.
   */
  close(): Promise<void>;
}

/** Told the bytes that were read, 0 at the end, or the failure; bytes read before that are valid. */
export type ReadDone = (error: Error | undefined, bytes: number) => void;
