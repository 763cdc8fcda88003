import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline, Watchdog } from '../../../src/engine/timers.js';

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
  vi.restoreAllMocks();
  vi.useRealTimers();
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

  it('sleeps until the period can be over, and a millisecond between timeouts', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const delays = () => timers.mock.calls.splice(0).map(([, delay]) => delay);
    const since = { value: now };
    new Watchdog(
      100,
      () => since.value,
      () => {},
    ).start();
    expect(delays()).toEqual([100]);
    since.value = now + 30;
    pass(100);
    expect(delays()).toEqual([30]);
    pass(31);
    expect(delays()).toEqual([1, 1]);
  });

  it('takes a timer that fires up to a second late for a busy process, not a stopped one', () => {
    const onTimeout = vi.fn();
    const since = now;
    new Watchdog(100, () => since, onTimeout).start();
    pass(1100, true);
    expect(onTimeout.mock.calls[0]).toEqual([now - 100]);
  });

  it('takes no long period for a stopped process', () => {
    const onTimeout = vi.fn();
    const since = now;
    new Watchdog(5000, () => since, onTimeout).start();
    pass(4999);
    expect(onTimeout).not.toHaveBeenCalled();
    pass(1);
    expect(onTimeout).toHaveBeenCalledOnce();
  });

  it('does not count the time before it is started', () => {
    const onTimeout = vi.fn();
    const since = now;
    const watchdog = new Watchdog(100, () => since, onTimeout);
    pass(90);
    watchdog.start();
    pass(99);
    expect(onTimeout).not.toHaveBeenCalled();
    pass(1);
    expect(onTimeout).toHaveBeenCalledOnce();
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

describe('Deadline', () => {
  it('calls back once, when its time is over', () => {
    const onReached = vi.fn();
    new Deadline(100, onReached);
    pass(99);
    expect(onReached).not.toHaveBeenCalled();
    pass(1);
    expect(onReached).toHaveBeenCalledOnce();
    pass(1000);
    expect(onReached).toHaveBeenCalledOnce();
  });

  it('does not call back once it is cleared', () => {
    const onReached = vi.fn();
    const deadline = new Deadline(100, onReached);
    pass(50);
    deadline.clear();
    pass(1000);
    expect(onReached).not.toHaveBeenCalled();
  });

  it('waits on if its timer fires too early', () => {
    const onReached = vi.fn();
    new Deadline(100, onReached);
    now += 99; // the clock of the timers is ahead of the monotonic clock
    vi.advanceTimersByTime(100);
    expect(onReached).not.toHaveBeenCalled();
    pass(1);
    expect(onReached).toHaveBeenCalledOnce();
  });

  it('waits longer than a Node timer can', () => {
    const onReached = vi.fn();
    new Deadline(2 ** 31 + 1000, onReached);
    now += 2 ** 31;
    vi.advanceTimersByTime(2 ** 31);
    expect(onReached).not.toHaveBeenCalled();
    pass(1000);
    expect(onReached).toHaveBeenCalledOnce();
  });

  it('is reached at once if it is 0', () => {
    const onReached = vi.fn();
    new Deadline(0, onReached);
    pass(1);
    expect(onReached).toHaveBeenCalledOnce();
  });
});
