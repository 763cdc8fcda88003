import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from '../../../src/engine/timers.js';

let now = 0;

/** Lets time pass; the timers are served at the end of it when the process was stopped meanwhile. */
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

describe('Alarm', () => {
  it('rings when the period is over, and again for as long as it is', () => {
    const ring = vi.fn();
    const since = { value: now };
    const alarm = new Watchdog(100, () => since.value, ring);
    alarm.start();
    pass(99);
    expect(ring).not.toHaveBeenCalled();
    pass(1);
    expect(ring).toHaveBeenCalledExactlyOnceWith(5000);
    since.value = now;
    pass(99);
    expect(ring).toHaveBeenCalledTimes(1);
    pass(1);
    expect(ring).toHaveBeenCalledTimes(2);
    alarm.stop();
    pass(1000);
    expect(ring).toHaveBeenCalledTimes(2);
  });

  it('follows the moment as it moves, and counts nothing while there is none', () => {
    const ring = vi.fn();
    let since: number | undefined = now;
    const alarm = new Watchdog(100, () => since, ring);
    alarm.start();
    pass(60);
    since = now;
    pass(60);
    since = undefined;
    pass(500);
    since = now;
    pass(99);
    expect(ring).not.toHaveBeenCalled();
    pass(1);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('begins the period anew when the process was stopped', () => {
    const ring = vi.fn();
    const since = now;
    new Watchdog(100, () => since, ring).start();
    pass(50);
    pass(10_000, true);
    expect(ring).not.toHaveBeenCalled();
    pass(99);
    expect(ring).not.toHaveBeenCalled();
    pass(1);
    expect(ring).toHaveBeenCalledExactlyOnceWith(now - 100);
  });

  it('waits longer than a timer of Node can', () => {
    const ring = vi.fn();
    const start = now;
    new Watchdog(2 ** 32, () => start, ring).start();
    now += 2 ** 31;
    vi.advanceTimersByTime(2 ** 31);
    expect(ring).not.toHaveBeenCalled();
  });
});
