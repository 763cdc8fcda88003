import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { TRANSFER_STATUSES } from '../usb/transfer-status.js';
import { binarySize, countOf } from './format.js';

/**
 * How far a capture is, in one plain line.
 *
 * @param rate bytes per second of late; undefined if that is not known
 * @param now monotonic milliseconds
 */
export function statusText(
  statistics: ReceiveStatistics,
  rate: number | undefined,
  now: number,
): string {
  const { bytesWritten, gapCount, inFlight, flow, statuses } = statistics;
  const seconds = statistics.secondsAt(now);
  const average = seconds > 0 ? bytesWritten / seconds : 0;
  const dry = flow.dryMillisecondsAt(now);
  return [
    `${seconds.toFixed(1)} s: ${bytesWritten} bytes (${binarySize(bytesWritten)})`,
    ...(rate === undefined ? [] : [`${binarySize(rate)}/s`]),
    `${binarySize(average)}/s on average`,
    `${inFlight} in flight`,
    ...TRANSFER_STATUSES.filter((status) => statuses[status] > 0).map(
      (status) => `${status} ${statuses[status]}`,
    ),
    ...(gapCount > 0 ? [countOf(gapCount, 'gap')] : []),
    ...(dry > 0 ? [`dry ${(dry / 1000).toFixed(1)} s`] : []),
  ].join(', ');
}
