import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from '../../../src/engine/timers.js';

let now = 0;

/** Lets time pass; for a stopped process the timers fire at the end of it. */
function pass(milliseconds: number, stopped = false): void {
  if (stopped) {
    now += milliseconds;
    vi.advanceTimersByTime(milliseconds);
    return;
  }
  for (let i = 0; i < milliseconds; i += 1) {
    now += 1;
    vi.advanceTimersByTime(1);
  }
}

beforeEach(() => {
  now = 5000;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('Watchdog', () => {
  it('calls back when the period is over, and again while it is', () => {
    const onTimeout = vi.fn();
    const since = { value: now };
    const watchdog = new Watchdog(100, () => since.value, onTimeout);
    watchdog.start();
    pass(99);
    expect(onTimeout).not.toHaveBeenCalled();
    pass(1);
    expect(onTimeout).toHaveBeenCalledExactlyOnceWith(5000);
    since.value = now;
    pass(99);
    expect(onTimeout).toHaveBeenCalledTimes(1);
    pass(1);
    expect(onTimeout).toHaveBeenCalledTimes(2);
    watchdog.stop();
    pass(1000);
    expect(onTimeout).toHaveBeenCalledTimes(2);
  });

  it('follows the moment when it moves, and does not count without one', () => {
    const onTimeout = vi.fn();
    let since: number | undefined = now;
    const watchdog = new Watchdog(100, () => since, onTimeout);
    watchdog.start();
    pass(60);
    since = now;
    pass(60);
    since = undefined;
    pass(500);
    since = now;
    pass(99);
    expect(onTimeout).not.toHaveBeenCalled();
    pass(1);
    expect(onTimeout).toHaveBeenCalledOnce();
  });

  it('starts the period over when the process was stopped', () => {
    const onTimeout = vi.fn();
    const since = now;
    new Watchdog(100, () => since, onTimeout).start();
    pass(50);
    pass(10_000, true);
    expect(onTimeout).not.toHaveBeenCalled();
    pass(99);
    expect(onTimeout).not.toHaveBeenCalled();
    pass(1);
    expect(onTimeout).toHaveBeenCalledExactlyOnceWith(now - 100);
  });

  it('waits longer than a Node timer can', () => {
    const onTimeout = vi.fn();
    const start = now;
    new Watchdog(2 ** 32, () => start, onTimeout).start();
    now += 2 ** 31;
    vi.advanceTimersByTime(2 ** 31);
    expect(onTimeout).not.toHaveBeenCalled();
  });
});
