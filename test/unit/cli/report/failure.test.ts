import { expect, it } from 'vitest';
import { describeWriteFailure, type WriteEnding } from '../../../../src/cli/report/failure.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';
import { SendStatistics } from '../../../../src/engine/stats/statistics.js';

function told(rest: Partial<WriteEnding>, counters: Partial<SendStatistics> = {}) {
  const statistics = Object.assign(new SendStatistics(1), { bytesAccepted: 100 }, counters);
  const endpoint = { address: 0x02, type: 'bulk', maxPacketSize: 512 } as const;
  return describeWriteFailure({
    end: { reason: 'error' },
    location: { interfaceNumber: 0, alternateSetting: 0, endpoint },
    statistics,
    signal: undefined,
    errorCode: 'transfer-error',
    skip: 0,
    bytes: undefined,
    ...rest,
  });
}

it('says with which --skip and --bytes a second run goes on', () => {
  expect(told({})).toMatch(/; the device has taken 100 bytes; --skip 100 goes on behind them$/);
  expect(told({ skip: 50, bytes: 300 })).toMatch(/; --skip 150 --bytes 200 goes on behind them$/);
});

it('advises no --skip where the device has nothing, or something behind a hole', () => {
  expect(told({}, { bytesAccepted: 0 })).toMatch(/; the device has taken nothing$/);
  const holed = told({ skip: 50 }, { bytesAfterGap: 7 });
  expect(holed).toMatch(
    /has taken 100 bytes, and 7 more behind a hole: begin anew, as --skip 150 /,
  );
  expect(holed).not.toContain('goes on');
});

it.each<[EndReason, WriteEnding['errorCode'], RegExp]>([
  ['input-failed', 'input-failed', /^the input failed: why; .* --skip 100 goes on/],
  ['submit-failed', 'submit-failed', /^why; ask for less .* --skip 100 goes on/],
  ['request-failed', 'request-failed', /^a control request failed: why; .* taken 100 bytes$/],
  ['device-lost', 'device-lost', /^the device is gone \(why\); /],
  ['internal', 'internal', /^internal error: why; /],
])('of %s tells the reason', (reason, errorCode, expected) => {
  expect(told({ end: { reason, cause: new Error('why') }, errorCode })).toMatch(expected);
});

it('tells nothing where nothing went wrong', () => {
  expect(told({ end: { reason: 'input-ended' }, errorCode: undefined })).toBeUndefined();
});
