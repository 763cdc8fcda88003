import { TRANSFER_STATUSES } from '../usb/transfer-status.js';
import { binarySize } from './format.js';
import type { Meter } from './meter.js';

/**
 * How far the transfers of one direction are, in one plain line.
 *
 * @param recent whether to tell the rate since the mark as well
 * @param now monotonic milliseconds
 * @param remarks what else there is to tell
 */
export function statusText(
  meter: Meter,
  recent: boolean,
  now: number,
  remarks: readonly string[] = [],
): string {
  const { statistics } = meter;
  const { bytesDelivered, inFlight, flow, statuses } = statistics;
  const seconds = statistics.secondsAt(now);
  const average = seconds > 0 ? bytesDelivered / seconds : 0;
  const dry = flow.dryMillisecondsAt(now);
  return [
    `${seconds.toFixed(1)} s: ${bytesDelivered} bytes (${binarySize(bytesDelivered)})`,
    ...(recent ? [`${binarySize(meter.intervalAt(now).bytesPerSecond)}/s`] : []),
    `${binarySize(average)}/s on average`,
    `${inFlight} in flight`,
    ...TRANSFER_STATUSES.filter((status) => statuses[status] > 0).map(
      (status) => `${status} ${statuses[status]}`,
    ),
    ...remarks,
    ...(dry > 0 ? [`dry ${(dry / 1000).toFixed(1)} s`] : []),
  ].join(', ');
}
