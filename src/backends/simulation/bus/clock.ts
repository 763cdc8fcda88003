import { MAX_TIMEOUT_MS } from '../../../usb/format.js';

/** Cancels a scheduled call. Does nothing after the call was made. */
export type Cancel = () => void;

/** The time of the virtual bus; tests supply their own. */
export interface Clock {
  /** Returns monotonic milliseconds. */
  now(): number;
  /** Calls back in the next turn of the event loop, after everything that is due in it. */
  soon(callback: () => void): Cancel;
  /** Calls back after at least `delay` milliseconds. Does not keep the process alive. */
  after(delay: number, callback: () => void): Cancel;
}

/** The monotonic clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  soon(callback) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
  after(delay, callback) {
    const timer = setTimeout(callback, Math.min(delay, MAX_TIMEOUT_MS)).unref();
    return () => clearTimeout(timer);
  },
};

/** Keeps the process alive until the result is called, as an open libusb device does. */
export function holdProcess(): Cancel {
  const timer = setInterval(() => {}, MAX_TIMEOUT_MS);
  return () => clearInterval(timer);
}
