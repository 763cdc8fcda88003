import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ShutdownController, throwIfInterrupted } from '../../../../src/cli/session/shutdown.js';
import { STOP_SIGNALS, takeOver } from '../../../../src/cli/signals.js';
import * as stdio from '../../../../src/cli/terminal/stdio.js';

const printed = vi.spyOn(stdio, 'logToStderr').mockReturnValue();
const kill = vi.spyOn(process, 'kill').mockReturnValue(true);

let shutdown: ShutdownController;
/** The listener of bin/usbxfer.js. */
const keep = vi.fn();

beforeEach(() => {
  vi.stubEnv('_', ''); // these tests may run under nohup
  vi.useFakeTimers();
  vi.clearAllMocks();
  takeOver({ received: new Set(), keep });
  shutdown = new ShutdownController();
});

afterEach(() => {
  shutdown.dispose();
  for (const signal of STOP_SIGNALS) {
    process.off(signal, keep);
  }
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Delivers a signal, this many milliseconds later. */
function receive(signal: NodeJS.Signals, later = 0): void {
  vi.advanceTimersByTime(later);
  process.emit(signal, signal);
}

describe('the first signal', () => {
  it('aborts, and is the one that is reported', () => {
    expect([shutdown.signal.aborted, shutdown.received]).toEqual([false, undefined]);
    receive('SIGTERM');
    receive('SIGINT', 500);
    expect([shutdown.signal.aborted, shutdown.received]).toEqual([true, 'SIGTERM']);
    expect(() => throwIfInterrupted(shutdown, 'waiting')).toThrow('SIGTERM while waiting');
  });
});

describe('a later signal', () => {
  it.each([
    ['SIGTERM', 0],
    ['SIGTERM', 3],
    ['SIGHUP', 999],
  ] as const)('is the same request within a second: %s after %i ms', (signal, later) => {
    receive('SIGTERM');
    receive(signal, later);
    receive(signal);
    expect(kill).not.toHaveBeenCalled();
    expect(printed).not.toHaveBeenCalled();
  });

  it('kills the process a second after the first, however many came before', () => {
    receive('SIGTERM');
    receive('SIGTERM', 600);
    receive('SIGINT', 400);
    expect(printed.mock.calls).toEqual([['usbxfer: second SIGINT: exiting immediately']]);
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGINT']]);
  });
});

describe('signals that were kept at the start', () => {
  /** Starts the command after bin/usbxfer.js has received these signals. */
  function start(...received: NodeJS.Signals[]): void {
    shutdown.dispose();
    takeOver({ received: new Set(received), keep });
    for (const signal of STOP_SIGNALS) {
      process.on(signal, keep);
    }
    shutdown = new ShutdownController();
  }

  it('stop a command as if they came later', () => {
    start('SIGTERM');
    expect([shutdown.signal.aborted, shutdown.received]).toEqual([true, 'SIGTERM']);
    receive('SIGTERM', 10);
    expect(kill).not.toHaveBeenCalled();
    receive('SIGTERM', 1000);
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGTERM']]);
    expect(process.listeners('SIGTERM')).not.toContain(keep); // nothing catches it
  });

  it('do not, if they only ask for the status', () => {
    start('SIGUSR1');
    expect(shutdown.signal.aborted).toBe(false);
  });

  it('have no effect after the command has ended', () => {
    start();
    shutdown.dispose();
    receive('SIGTERM');
    receive('SIGTERM', 2000);
    expect(keep).toHaveBeenCalledTimes(2);
    expect([kill.mock.calls, shutdown.received]).toEqual([[], undefined]);
  });
});
