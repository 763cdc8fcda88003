/** Takes back a call that was asked for. Does nothing once it was made. */
export type Cancel = () => void;

/** Time as the virtual bus knows it; tests bring their own. */
export interface Clock {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Calls back at the next turn of the event loop, after everything that is due there. */
  soon(callback: () => void): Cancel;
  /** Calls back after `delay` milliseconds, or somewhat later. Keeps no process alive. */
  after(delay: number, callback: () => void): Cancel;
}

/** The longest delay that a timer of Node can wait, in milliseconds: some 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's own monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  soon(callback) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
  after(delay, callback) {
    const timer = setTimeout(callback, Math.min(delay, LONGEST_DELAY)).unref();
    return () => clearTimeout(timer);
  },
};

/** Keeps the process alive until it is called: what an open device does to a process. */
export function holdProcess(): Cancel {
  const timer = setInterval(() => {}, LONGEST_DELAY);
  return () => clearInterval(timer);
}
