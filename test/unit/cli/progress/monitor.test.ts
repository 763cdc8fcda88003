import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Monitor } from '../../../../src/cli/progress/monitor.js';
import { MonitoredStream } from '../../../../src/cli/progress/stream.js';
import * as stdio from '../../../../src/cli/terminal/stdio.js';
import { ReceiveStatistics } from '../../../../src/engine/stats/statistics.js';

const printed = vi.spyOn(stdio, 'logToStderr').mockReturnValue();

beforeEach(() => {
  vi.clearAllMocks();
});

/** A monitor that prints only answers to status signals. */
function monitorWith(json: boolean): Monitor {
  return new Monitor({
    progress: 'never',
    interval: undefined,
    stats: undefined,
    json: json
      ? { option: '--json', target: stdio.STDERR, force: undefined, append: undefined }
      : undefined,
    quiet: true,
    debug: false,
    input: undefined,
    output: undefined,
  });
}

/** The answers to a status signal. */
function answers(): unknown[] {
  printed.mockClear();
  process.emit('SIGUSR1', 'SIGUSR1');
  return printed.mock.calls.map(([text]) => text);
}

describe.each([false, true])('a status signal, with --json: %s', (json) => {
  let monitor: Monitor;

  beforeEach(() => {
    monitor = monitorWith(json);
  });
  afterEach(() => monitor.stop());

  it('before any transfer gets text or nothing, never text in place of JSON', () => {
    expect(answers()).toEqual(json ? [] : ['usbxfer: no transfer has started yet']);
  });

  it('during the stream gets its progress', () => {
    monitor.start(new MonitoredStream({ in: new ReceiveStatistics(1) }));
    const [answer, ...more] = answers();
    expect(more).toEqual([]);
    if (json) {
      expect(JSON.parse(String(answer))).toMatchObject({ schema: 'usbxfer.stats/2', final: false });
    } else {
      expect(answer).toMatch(/^\d+\.\d s: 0 bytes /);
    }
  });

  it('after the end gets no answer: the summary is the last text', async () => {
    monitor.start(new MonitoredStream({ in: new ReceiveStatistics(1) }));
    await monitor.stop();
    expect(answers()).toEqual([]);
  });
});
