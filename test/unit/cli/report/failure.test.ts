import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../src/cli/errors/codes.js';
import {
  describeFailure,
  describeFailures,
  type Failed,
} from '../../../../src/cli/report/failure.js';
import type { InReport, OutReport, Report } from '../../../../src/cli/report/report.js';
import type { Limits } from '../../../../src/engine/receive/limits.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';
import { ReceiveStatistics, SendStatistics } from '../../../../src/engine/stats/statistics.js';
import { UsbError } from '../../../../src/usb/errors.js';

function locationOf(address: number) {
  const endpoint = { address, type: 'bulk', maxPacketSize: 512 } as const;
  return { interfaceNumber: 0, alternateSetting: 0, endpoint };
}

function received(counters: Partial<ReceiveStatistics> = {}): InReport {
  const statistics = Object.assign(new ReceiveStatistics(1), counters);
  return { location: locationOf(0x82), statistics, output: undefined, limits: {} };
}

function sent(counters: Partial<SendStatistics> = {}, rest: Partial<OutReport> = {}): OutReport {
  const statistics = Object.assign(new SendStatistics(1), { bytesAccepted: 100 }, counters);
  return { location: locationOf(0x02), statistics, input: undefined, skip: 0, ...rest };
}

function failure(rest: Partial<Failed>): string | undefined {
  const end = { reason: 'error' } as const;
  return describeFailure({ end, signal: undefined, errorCode: 'transfer-error', ...rest });
}

function written(rest: Partial<Failed>, counters: Partial<SendStatistics> = {}) {
  return failure({ out: sent(counters), ...rest });
}

describe('a failure to send', () => {
  it('has the --skip and --bytes that send the rest', () => {
    expect(written({})).toMatch(/; the device accepted 100 bytes; --skip 100 sends the rest$/);
    expect(failure({ out: sent({}, { skip: 50, bytes: 300 }) })).toMatch(
      /; --skip 150 --bytes 200 sends the rest$/,
    );
  });

  it('advises no --skip if the device accepted nothing, or something after a gap', () => {
    expect(written({}, { bytesAccepted: 0 })).toMatch(/; the device accepted nothing$/);
    const gap = failure({ out: sent({ bytesAfterGap: 7 }, { skip: 50 }) });
    expect(gap).toMatch(
      /accepted 100 bytes, and 7 after the failed transfer; start over: --skip 150 would send some bytes twice$/,
    );
    expect(gap).not.toContain('sends the rest');
  });

  it('has the least number of bytes that were accepted, if cancelled transfers do not report it', () => {
    const least = { isMinimum: true };
    const why = '(over USB/IP, a cancelled transfer does not report how much the device accepted)';
    expect(written({}, least)).toContain(
      `; the device accepted at least 100 bytes ${why}; start over: --skip 100 could send some bytes twice`,
    );
    expect(written({}, { ...least, bytesAccepted: 0 })).toContain(
      '; the device accepted at least 0 bytes',
    );
    expect(failure({ in: received(), out: sent(least) })).toContain(
      'the device accepted at least 100 of',
    );
  });

  it.each<[EndReason, ErrorCode, RegExp]>([
    ['input-failed', 'input-failed', /^the input failed: why; .* --skip 100 sends the rest/],
    ['submit-failed', 'submit-failed', /^why; the device accepted .* --skip 100 sends the rest/],
    ['request-failed', 'request-failed', /^a control request failed: why; .* accepted 100 bytes$/],
    ['device-lost', 'device-lost', /^the device was disconnected \(why\); /],
    ['internal', 'internal', /^internal error: why; /],
  ])('by %s has the reason', (reason, errorCode, expected) => {
    expect(written({ end: { reason, cause: new Error('why') }, errorCode })).toMatch(expected);
  });

  it('by a reset does not say how to send the rest, as the reset may have undone some of it', () => {
    expect(written({ end: { reason: 'device-reset' }, errorCode: 'device-reset' })).toBe(
      'another process reset the device, or bound a driver to it; ' +
        'the device accepted 100 bytes, which the reset may have discarded; start over',
    );
  });

  it('by a refused transfer advises less at once only if memory is short', () => {
    const refused = (code: 'io' | 'no-memory') => ({
      end: { reason: 'submit-failed', cause: new UsbError(code, 'why') } as const,
      errorCode: 'submit-failed' as const,
    });
    expect(written(refused('no-memory'))).toMatch(/^why; reduce --transfers or --transfer-size; /);
    expect(written(refused('io'))).toMatch(/^why; the device accepted/);
  });

  it('is not described if there was none', () => {
    expect(written({ end: { reason: 'input-ended' }, errorCode: undefined })).toBeUndefined();
  });
});

describe('a failure to receive', () => {
  const counters = { bytesMoved: 512, bytesWritten: 300 };

  it.each<[EndReason, ErrorCode, string]>([
    [
      'stall',
      'stall',
      'endpoint 0x82 stalled: the device halted it; --keep-going clears the halt and continues; ' +
        'the 300 bytes before it were written',
    ],
    [
      'output-failed',
      'output-failed',
      'the output failed: no reason given; 300 of 512 bytes received were written',
    ],
    [
      'idle',
      'idle',
      'the device sent nothing more before the limit; the 300 bytes before it were written',
    ],
  ])('by %s has the number of bytes that were written', (reason, errorCode, expected) => {
    expect(failure({ end: { reason }, errorCode, in: received(counters) })).toBe(expected);
  });

  it.each([
    [undefined, 'the device sent nothing more, not even after 3 restarts in a row (--on-idle)'],
    [new Error('no luck'), 'the device sent nothing more, and --on-idle failed: no luck'],
  ])('by a device that no restart helps says so: %s', (cause, expected) => {
    const end = { reason: 'idle', restarts: 3, ...(cause && { cause }) } as const;
    expect(failure({ end, errorCode: 'idle', in: received(counters) })).toBe(
      `${expected}; the 300 bytes before it were written`,
    );
  });

  it('by a halt before the first byte names the option that clears it', () => {
    const report = { end: { reason: 'stall' }, errorCode: 'stall' } as const;
    expect(failure({ ...report, in: received({ bytesMoved: 0, bytesWritten: 0 }) })).toBe(
      'endpoint 0x82 stalled: the device halted it before the first byte; ' +
        '--clear-halt clears a halt that was left before; nothing was written before it',
    );
  });

  it.each<[Limits, string]>([
    [{ bytes: 9 }, '--bytes was reached'],
    [{ count: 9, untilShort: true }, '--count or --until-short was reached'],
    [{}, 'the limit'],
  ])('by the time limit or a signal names what it came before: %j', (limits, expected) => {
    const both = { ...received(counters), limits };
    const failed = (reason: EndReason, errorCode: ErrorCode) =>
      failure({ end: { reason }, errorCode, in: both, signal: 'SIGINT' })?.split('; ')[0];
    expect(failed('duration', 'timeout')).toBe(
      `the time limit (--duration) expired before ${expected}`,
    );
    expect(failed('idle', 'idle')).toBe(`the device sent nothing more before ${expected}`);
    expect(failed('interrupted', 'interrupted')).toBe(`SIGINT before ${expected}`);
  });

  it.each<[number, ErrorCode, RegExp]>([
    [0, 'device-lost', /; nothing was written before it$/],
    [1, 'device-lost', /; the 1 byte before it was written$/],
    [0, 'request-failed', /; nothing was written$/],
    [1, 'request-failed', /; 1 byte was written$/],
    [2, 'request-failed', /; 2 bytes were written$/],
  ])('with %i bytes written, by %s, has them in plain words', (bytes, errorCode, expected) => {
    const written = received({ bytesMoved: 512, bytesWritten: bytes });
    const end = { reason: 'device-lost', cause: new Error('why') } as const;
    expect(failure({ end, errorCode, in: written })).toMatch(expected);
  });

  it('by a file that is too large names the option that splits the output', () => {
    const cause = Object.assign(new Error('EFBIG: file too large, write'), {
      code: 'EFBIG',
      syscall: 'write',
    });
    const end = { reason: 'output-failed', cause } as const;
    expect(failure({ end, errorCode: 'output-failed', in: received(counters) })).toBe(
      'the output failed: file too large; limit the size of each file with --split-bytes; ' +
        '300 of 512 bytes received were written',
    );
  });

  it.each([
    ['disconnected', /^the device was disconnected; nothing/],
    ['deauthorized', /^the system deauthorized the device; --reconnect waits until it/],
    ['deconfigured', /^the device lost its configuration; --reconnect waits until it/],
  ] as const)('says that the device is %s', (loss, expected) => {
    const end = { reason: 'device-lost', loss } as const;
    expect(failure({ end, errorCode: 'device-lost', in: received() })).toMatch(expected);
  });

  it('by a reset has the bytes that are safe', () => {
    const end = { reason: 'device-reset', offset: 100 } as const;
    expect(failure({ end, errorCode: 'device-reset', in: received(counters) })).toBe(
      'another process reset the device, or bound a driver to it; --keep-going continues after it; ' +
        '100 of the 300 bytes written precede it',
    );
  });

  it('has the number of bytes before the failure', () => {
    const end = { reason: 'overflow', offset: 100 } as const;
    const statistics = { ...counters, bytesSuspect: 50 };
    expect(failure({ end, errorCode: 'overflow', in: received(statistics) })).toBe(
      'endpoint 0x82 overflowed: the device sent more than requested; ' +
        '100 of the 300 bytes written precede it, and the last 50 of these are suspect',
    );
    const failures = { stall: 0, error: 0, overflow: 2, 'device-lost': 0, 'device-reset': 0 };
    const several = { ...statistics, failures };
    expect(failure({ end, errorCode: 'overflow', in: received(several) })).toBe(
      'endpoint 0x82 overflowed: the device sent more than requested; ' +
        '100 of the 300 bytes written precede it; 50 bytes received before the overflows are suspect',
    );
  });
});

describe('a failure in one of two directions', () => {
  it('has the endpoint that failed, and the bytes of both', () => {
    const out = sent({ bytesRead: 150, bytesAfterGap: 7 });
    const both = { in: received({ bytesMoved: 512, bytesWritten: 300 }), out };
    expect(failure({ ...both, failedDirection: 'out' })).toBe(
      'transfer error on endpoint 0x02: check the cable, the hub and the power supply; ' +
        'the device accepted 100 of 150 bytes read, and 7 after the failed transfer; ' +
        '300 of 512 bytes received were written',
    );
  });
});

it('the failure to restore a device comes with its remedy', () => {
  const restoreError = new UsbError('other', 'the driver did not come back', {
    remedy: {
      kind: 'any-of',
      remedies: [
        { kind: 'replug' },
        { kind: 'rebind-driver', driver: 'ftdi_sio', interfaceName: '1-1:1.0' },
      ],
    },
  });
  const report: Partial<Report> = { end: { reason: 'limit' }, restoreError };
  expect(describeFailures(report as Report)).toBe(
    'the driver did not come back; plug the device in again; or ' +
      'echo 1-1:1.0 | sudo tee /sys/bus/usb/drivers/ftdi_sio/bind',
  );
});
