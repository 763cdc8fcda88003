import { toError, UsbError, type UsbErrorCode } from '../../../usb/errors.js';
import { TRANSFER_STATUSES, type TransferStatus } from '../../../usb/transfer-status.js';

/*
 * libusb numbers failures in two spaces, and node-usb puts both in `errno`: operations that throw
 * carry a negative `libusb_error`, completions a positive `libusb_transfer_status`.
 */

/** The codes by `libusb_error`. */
const CODES: ReadonlyMap<number, UsbErrorCode> = new Map([
  [-1, 'io'],
  [-2, 'invalid'],
  [-3, 'access'],
  [-4, 'no-device'],
  [-5, 'not-found'],
  [-6, 'busy'],
  [-7, 'timed-out'],
  [-9, 'stall'],
  [-11, 'no-memory'],
  [-12, 'not-supported'],
]);

/** Reasons for messages. For the other codes, the message of libusb is more specific. */
const REASONS: Partial<Record<UsbErrorCode, string>> = {
  io: 'input/output error',
  access: 'permission denied',
  'no-device': 'the device is gone',
  'not-found': 'the device has no such interface or endpoint now',
  busy: 'a kernel driver or another process holds it',
  stall: 'the device rejected it (stall)',
  'timed-out': 'the device did not answer in time',
  'no-memory': 'the kernel has no memory left for USB transfers',
  'not-supported': 'this system does not support it',
};

/** Returns the status of a completion; no error is `completed`. */
export function transferStatus(error: { readonly errno: number } | undefined): TransferStatus {
  return error === undefined ? 'completed' : (TRANSFER_STATUSES[error.errno] ?? 'error');
}

/**
 * Converts an error that node-usb threw.
 *
 * @param failure the start of the message: "cannot claim interface 0"
 */
export function operationError(failure: string, error: unknown): UsbError {
  const cause = toError(error);
  const code = ('errno' in cause && CODES.get(Number(cause.errno))) || 'other';
  return new UsbError(code, `${failure}: ${REASONS[code] ?? cause.message}`, { cause });
}

/**
 * Runs a native operation that ends with a callback.
 *
 * @param failure the start of the message: "cannot clear the halt"
 * @throws UsbError
 */
export function promisifyNative(
  failure: string,
  operation: (done: (error?: Error) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      operation((error) => (error ? reject(operationError(failure, error)) : resolve()));
    } catch (error) {
      reject(operationError(failure, error));
    }
  });
}

/**
 * Runs steps one after another, even after one has failed.
 *
 * @throws the first failure; `no-device` if any step failed with it
 */
export async function runAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw (
      failures.find((error) => error instanceof UsbError && error.code === 'no-device') ??
      failures[0]
    );
  }
}

/** Awaits the undo of earlier steps. Returns the failure, combined with that of the undo, if any. */
export async function withUndo(
  failure: unknown,
  undo: Promise<void> | undefined,
): Promise<unknown> {
  try {
    await undo;
    return failure;
  } catch (error) {
    if (!(failure instanceof UsbError && error instanceof UsbError) || error.code === 'no-device') {
      return failure;
    }
    return new UsbError(failure.code, `${failure.message}; ${error.message}`, {
      cause: failure,
      remedy: error.remedy ?? failure.remedy,
    });
  }
}
