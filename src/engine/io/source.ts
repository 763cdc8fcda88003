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

/** Bytes to read at once. */
const CHUNK = 1024 * 1024;

/**
 * Reads so many bytes and throws them away.
 *
 * @param signal ends it; what waits goes on until the source is closed
 * @returns how many there were: fewer when the input ended before
 * @throws the failure of a read; the reason of `signal`
 */
export async function discardBytes(
  source: Source,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const chunk = Buffer.allocUnsafeSlow(Math.min(bytes, CHUNK));
  let skipped = 0;
  while (skipped < bytes) {
    const read = await readOnce(source, chunk, Math.min(bytes - skipped, CHUNK), signal);
    if (read === 0) {
      break;
    }
    skipped += read;
  }
  return skipped;
}

function readOnce(
  source: Source,
  buffer: Buffer,
  length: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    source.read(buffer, 0, length, (error, bytes) => {
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve(bytes);
      } else {
        reject(error);
      }
    });
  });
}
