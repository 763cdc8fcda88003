import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsbError, type UsbErrorCode } from '../../src/usb/errors.js';

/** Maximum time for any operation, in milliseconds. Emulation is slow. */
const PATIENCE = 15_000;

/** Asserts that an operation fails with a `UsbError` of one of the codes. */
export async function assertRefused(
  operation: () => unknown,
  ...codes: UsbErrorCode[]
): Promise<void> {
  try {
    await operation();
  } catch (error) {
    assert(error instanceof UsbError, `not a UsbError: ${String(error)}`);
    assert(codes.includes(error.code), `${error.code} (${error.message}) instead of ${codes}`);
    return;
  }
  assert.fail(`the operation succeeded, expected ${codes}`);
}

/** Waits for a promise, with a timeout. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const alarm = new AbortController();
  const late = sleep(PATIENCE, undefined, { signal: alarm.signal }).then(
    () => assert.fail(`${what}: timed out after ${PATIENCE} ms`),
    () => promise,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    alarm.abort();
  }
}

/** Polls a condition until it is true. */
export async function eventually(what: string, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  for (let pause = 1; !(await ask()); pause = Math.min(2 * pause, 250)) {
    assert(performance.now() < end, `${what}: timed out after ${PATIENCE} ms`);
    await sleep(pause);
  }
}

/** Asserts that the bytes are those of the counter stream from an offset, without a gap. */
export function assertCounter(bytes: Buffer, offset: number): void {
  const lead = offset % 4;
  const words = new DataView(new ArrayBuffer(4 * Math.ceil((lead + bytes.length) / 4)));
  for (let at = 0, word = (offset - lead) / 4; at < words.byteLength; at += 4, word++) {
    words.setUint32(at, word % 2 ** 32, true);
  }
  const expected = Buffer.from(words.buffer, lead, bytes.length);
  if (!bytes.equals(expected)) {
    const at = bytes.findIndex((byte, index) => byte !== expected[index]);
    assert.fail(
      `the counter breaks at byte ${offset + at}: ${hex(bytes, at)} instead of ${hex(expected, at)}`,
    );
  }
}

function hex(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + 8);
}
