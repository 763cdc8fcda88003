import { controlFailure } from '../../../usb/control.js';

/**
 * Milliseconds for a change of the state of a device, such as a claim, SET_INTERFACE or a reset. Linux waits
 * 5 s for the response to a request: its own result comes first.
 */
export const CHANGE_TIMEOUT = 10_000;

/**
 * Waits for work that cannot be cancelled. The work continues after a failure of the wait.
 *
 * @param timeout milliseconds
 * @throws UsbError `timed-out`; the reason of `signal`; what the work throws
 */
export function within<T>(timeout: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    const timer = setTimeout(() => reject(controlFailure('timed-out')), timeout);
    signal?.addEventListener('abort', onAbort);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    });
  });
}
