import { describe, expect, it } from 'vitest';
import type { InReport, OutReport, Report } from '../../../../src/cli/report/report.js';
import { summaryText } from '../../../../src/cli/report/summary.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';
import { ReceiveStatistics, SendStatistics } from '../../../../src/engine/stats/statistics.js';
import { deviceInfo } from '../../../support/device-info.js';

const MIB = 1024 * 1024;

function locationOf(address: number) {
  const endpoint = { address, type: 'bulk', maxPacketSize: 512 } as const;
  return { interfaceNumber: 0, alternateSetting: 0, endpoint };
}

/** Statistics of a run of this many seconds. */
function timed<T extends ReceiveStatistics | SendStatistics>(statistics: T, seconds: number): T {
  return Object.assign(statistics, { startedAt: 1000, endedAt: 1000 + seconds * 1000 });
}

function received(
  change: (statistics: ReceiveStatistics) => void = () => {},
  limits: InReport['limits'] = {},
): InReport {
  const statistics = timed(new ReceiveStatistics(16), 10);
  statistics.transfers = 40;
  statistics.transfersWithData = 40;
  statistics.statuses.completed = 40;
  statistics.bytesMoved = 20 * MIB;
  statistics.bytesWritten = 20 * MIB;
  change(statistics);
  return { location: locationOf(0x82), statistics, output: undefined, limits };
}

function sent(change: (statistics: SendStatistics) => void = () => {}): OutReport {
  const statistics = timed(new SendStatistics(16), 10);
  statistics.transfers = 4;
  statistics.statuses.completed = 4;
  statistics.bytesAccepted = MIB;
  change(statistics);
  return { location: locationOf(0x02), statistics, input: 'data.bin', skip: 0 };
}

/** The rows of a summary: lines without the alignment. */
function rows(reason: EndReason, rest: Partial<Report>): string[] {
  const report: Report = {
    end: { reason },
    device: deviceInfo({ product: 'thing' }),
    restoreError: undefined,
    signal: undefined,
    suspensions: { count: 0, milliseconds: 0 },
    usage: { userCPUTime: 0, systemCPUTime: 0, peakMemory: 0 },
    statsError: undefined,
    errorCode: undefined,
    exitCode: 0,
    ...rest,
  };
  return summaryText(report, (style, text) => `<${style}>${text}</>`)
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '  '));
}

const last = (lines: string[]): string | undefined => lines.at(-1);

describe('the summary of a run without incidents', () => {
  it('has only the counts that are not zero', () => {
    expect(rows('limit', { in: received(undefined, { bytes: 20 * MIB }) })).toEqual([
      'from  1-1 (1234:5678 thing), endpoint 0x82',
      'to  stdout',
      'bytes  20971520 (20.0 MiB)',
      'time  10.000 s',
      'rate  2.00 MiB/s on average',
      'transfers  40',
      'ended  limit reached (--bytes)',
    ]);
  });

  it('does not count transfers that were pending at the end as lost', () => {
    const report = received((statistics) => {
      statistics.transfers = 56;
      statistics.statuses.cancelled = 16;
      statistics.pendingAtEnd = 16;
    });
    const lines = rows('interrupted', { in: report, signal: 'SIGINT' });
    expect(lines).toContain('transfers  40, and 16 still pending when it ended');
    expect(last(lines)).toBe('ended  SIGINT');
  });

  it('has the number of transfers that --timeout ended', () => {
    const report = received((statistics) => {
      statistics.statuses['timed-out'] = 3;
    });
    expect(rows('limit', { in: report })).toContain(
      'transfers  40, 3 of them timed out and were submitted again',
    );
  });
});

describe('the events in a summary', () => {
  it('are incidents of the device, with the number of transfers that failed', () => {
    const report = received((statistics) => {
      statistics.failures.stall = 1;
      statistics.statuses.stall = 16;
    });
    expect(rows('stall', { in: report })).toContain(
      'events  <red>1 stall (16 transfers failed)</>',
    );
  });

  it('do not have that number if each is one transfer', () => {
    const report = sent((statistics) => {
      statistics.failures.error = 1;
      statistics.statuses.error = 1;
    });
    expect(rows('error', { out: report })).toContain('events  <red>1 transfer error</>');
  });

  it('are the restarts of a silent device, also without a failed transfer', () => {
    const report = received((statistics) => {
      statistics.restarts.reset = 2;
      statistics.restarts['clear-halt'] = 1;
      statistics.restarts.reopen = 1;
    });
    expect(rows('limit', { in: report })).toContain(
      'events  <red>2 resets after silence, 1 cleared halt after silence, 1 reopening after silence</>',
    );
  });

  it('are one disconnection, whatever it did to the transfers', () => {
    const report = received((statistics) => {
      statistics.failures['device-lost'] = 1;
      statistics.failures.overflow = 2;
      Object.assign(statistics.statuses, { error: 8, 'no-device': 7, overflow: 2 });
    });
    expect(rows('device-lost', { in: report })).toContain(
      'events  <red>2 overflows, 1 disconnection (17 transfers failed)</>',
    );
  });
});

describe('the gaps in a summary', () => {
  it('have the time of day', () => {
    const report = received((statistics) => {
      const time = new Date(2026, 10, 29, 14, 3, 4);
      statistics.gaps.push({
        offset: 4096,
        seconds: 1.5,
        time,
        cause: 'device-lost',
        cancelled: false,
      });
      statistics.gapCount = 1;
    });
    expect(rows('limit', { in: report })).toContain(
      'gap  <red>at byte 4096, 2026-11-29 14:03:04 (after 1.500 s): disconnection</>',
    );
  });

  it('have an unknown size if cancelled transfers lost their data there', () => {
    const report = received((statistics) => {
      statistics.recordGap('stall', 4096, 0, true);
    });
    expect(rows('limit', { in: report }).join('\n')).toMatch(
      /gap {2}<red>at byte 4096, .*: stall, size unknown: over USB\/IP, a cancelled transfer loses its data<\/>/,
    );
  });

  it('are at most ten, and the number of the others', () => {
    const report = received((statistics) => {
      for (let offset = 0; offset < 1200; offset += 1) {
        statistics.recordGap('stall', offset);
      }
    });
    const lines = rows('limit', { in: report });
    expect(lines.filter((line) => line.startsWith('gap'))).toHaveLength(10);
    expect(lines).toContain('  and 1190 more gaps');
  });
});

describe('the bytes of cancelled transfers in a summary', () => {
  it('are said to be lost, and from where', () => {
    const lossy = received((statistics) => {
      statistics.lossOffset = 4096;
    });
    const line =
      'loss  <red>data after byte 4096 may be lost: over USB/IP, a cancelled transfer loses its data</>';
    expect(rows('duration', { in: lossy })).toContain(line);
    expect(rows('duration', { in: received() }).join()).not.toContain('loss');
  });

  it('make the number of accepted bytes a minimum', () => {
    const lossy = sent((statistics) => {
      statistics.isMinimum = true;
    });
    expect(rows('interrupted', { out: lossy })).toContain(
      'bytes  at least 1048576 (1.00 MiB): over USB/IP, a cancelled transfer does not report how much ' +
        'the device accepted',
    );
  });
});

describe('the delays in a summary', () => {
  const waits = (milliseconds: number, seconds = 10) => {
    const change = (statistics: ReceiveStatistics | SendStatistics) => {
      statistics.timings.throttled.milliseconds = milliseconds;
      statistics.timings.throttled.count = 2;
      statistics.timings.starved.milliseconds = milliseconds;
      statistics.timings.starved.count = 1;
      timed(statistics, seconds);
    };
    const labels = (lines: string[]) =>
      lines
        .map((line) => line.split('  ')[0])
        .filter((label) => /throttled|starved/.test(`${label}`));
    const advises = (lines: string[]) => lines.some((line) => line.includes('--buffer'));
    const of = (lines: string[]) => [labels(lines), advises(lines)];
    return [of(rows('limit', { in: received(change) })), of(rows('limit', { out: sent(change) }))];
  };

  it.each([
    ['3 ms of a run of 5 ms', 3, 0.005],
    ['90 ms of a run of 0.1 s', 90, 0.1],
    ['0.2 s of a run of a minute', 200, 60],
  ])('%s are no reason for advice', (_, milliseconds, seconds) => {
    // A device that cannot wait may have lost data, however short it was.
    expect(waits(milliseconds, seconds)).toEqual([
      [['starved'], false],
      [[], false],
    ]);
  });

  it.each([
    ['0.2 s of a run of a second', 200, 1],
    ['a second of a run of a minute', 1000, 60],
  ])('%s are', (_, milliseconds, seconds) => {
    const both = ['throttled', 'starved'];
    expect(waits(milliseconds, seconds)).toEqual([
      [both, true],
      [both, true],
    ]);
  });
});

describe('the last line of a summary', () => {
  it.each<[EndReason, Partial<Report>, string]>([
    [
      'limit',
      { in: received(undefined, { bytes: 21 * MIB, count: 40 }) },
      'limit reached (--count)',
    ],
    ['limit', { in: received(undefined, { untilShort: true }) }, 'limit reached (--until-short)'],
    ['limit', { out: { ...sent(), bytes: MIB } }, 'limit reached (--bytes)'],
    ['input-ended', { out: sent() }, 'end of the input'],
    ['duration', { in: received() }, 'time limit reached (--duration)'],
    ['idle', { in: received() }, 'the device sent nothing more (--idle-timeout)'],
    ['idle', { out: sent() }, 'the device accepted nothing more (--idle-timeout)'],
    ['interrupted', { in: received(), signal: 'SIGTERM' }, 'SIGTERM'],
    ['reader-closed', { in: received() }, 'the reader closed the pipe'],
    ['stall', { in: received() }, 'the endpoint stalled'],
    ['error', { in: received() }, 'transfer error'],
    ['overflow', { in: received() }, 'overflow'],
    ['device-lost', { in: received() }, 'the device was disconnected'],
    ['submit-failed', { in: received() }, 'the system refused a transfer'],
    ['output-failed', { in: received() }, 'the output failed'],
    ['input-failed', { out: sent() }, 'the input failed'],
    ['request-failed', { in: received() }, 'a control request failed'],
    ['internal', { in: received() }, 'internal error'],
  ])('after %s (%#) names the reason', (reason, rest, expected) => {
    expect(last(rows(reason, rest))).toBe(`ended  ${expected}`);
  });
});
