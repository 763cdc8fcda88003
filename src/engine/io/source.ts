import { bytesError } from './checked-call.js';

/** Where bytes to send come from. */
export interface Source {
  /**
   * Reads at least one byte, unless the input is at its end, into `buffer` from `start` up to `end`.
   * Consumes no more of the input. One read at a time. The buffer belongs to the source until `done`.
   *
   * @param done never called from within `read`
   */
  read(buffer: Buffer, start: number, end: number, done: ReadDone): void;

  /**
   * Bytes from here to the end, if known: in a regular file or on a disk; Infinity for a character
   * device, such as /dev/zero. A file may still grow or shrink; only a read shows its end.
   */
  readonly size: number | undefined;

  /**
   * Closes the source. A pending read ends: its `done` is not called, and its buffer must not be used
   * again. Never waits for a read, and lets the process exit.
   */
  close(): Promise<void>;
}

/** Called with the number of bytes read, 0 at the end, or with an error; earlier bytes are valid. */
export type ReadDone = (error: Error | undefined, bytes: number) => void;

/** Bytes to read at once. */
const CHUNK = 1024 * 1024;

/**
 * Reads and discards bytes.
 *
 * @param signal cancels it; a pending read continues until the source is closed
 * @returns the number of bytes discarded: fewer than `bytes` when the input ended
 * @throws the error of a read; the reason of `signal`
 */
export async function discardBytes(
  source: Source,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const chunk = Buffer.allocUnsafeSlow(Math.min(bytes, CHUNK));
  let discarded = 0;
  while (discarded < bytes) {
    const read = await readOnce(source, chunk, 0, Math.min(bytes - discarded, CHUNK), signal);
    if (read === 0) {
      break;
    }
    discarded += read;
  }
  return discarded;
}

/**
 * Reads until the buffer is full or the input ends.
 *
 * @param signal as for `discardBytes`
 * @returns the number of bytes read
 * @throws as `discardBytes`
 */
export async function readUpTo(
  source: Source,
  buffer: Buffer,
  signal: AbortSignal | undefined,
): Promise<number> {
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    read = await readOnce(source, buffer, length, buffer.length, signal);
  }
  return length;
}

/**
 * Reads at least one byte, unless the input is at its end.
 *
 * @param signal as for `discardBytes`
 * @returns the number of bytes read
 * @throws as `discardBytes`
 */
export function readOnce(
  source: Source,
  buffer: Buffer,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    source.read(buffer, start, end, (error, bytes) => {
      signal?.removeEventListener('abort', onAbort);
      const failure = bytesError('the source', bytes, end - start) ?? error;
      if (failure === undefined) {
        resolve(bytes);
      } else {
        reject(failure);
      }
    });
  });
}
