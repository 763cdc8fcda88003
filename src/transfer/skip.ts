import type { Source } from './source.js';

/** Bytes to read at once. */
const CHUNK = 1024 * 1024;

/**
 * Reads so many bytes and throws them away.
 *
 * @param signal ends it; what waits goes on until the source is closed
 * @returns how many there were: fewer when the input ended before
 * @throws the failure of a read; the reason of `signal`
 */
export async function skip(
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
