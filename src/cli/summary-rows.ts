import type { End } from '../transfer/end.js';
import type { Statistics } from '../transfer/statistics.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { binarySize, countOf, endpointName, ids } from './format.js';
import type { Report } from './report.js';
import { sanitize } from './sanitize.js';
import type { Paint } from './style.js';

/*
 * Rows of a summary for a person that are the same whatever moved in which direction.
 */

/** `1-1 (1234:5678 virtual counter), endpoint 0x82` */
export function endpointText({ device }: Report, { endpoint }: EndpointLocation): string {
  const what = [ids(device), ...(device.product ? [sanitize(device.product)] : [])].join(' ');
  return `${device.path} (${what}), endpoint ${endpointName(endpoint.address)}`;
}

/** Bytes that were delivered. */
export function bytesRow({ bytesDelivered }: Statistics): string[] {
  return ['bytes', `${bytesDelivered} (${binarySize(bytesDelivered)})`];
}

/** How long it took, and how fast it was: at best as well, where that is something else. */
export function paceRows({ seconds, bytesPerSecond, flow }: Statistics): string[][] {
  const { peakBytesPerSecond } = flow.pace;
  const peak =
    peakBytesPerSecond > bytesPerSecond ? `, ${binarySize(peakBytesPerSecond)}/s at best` : '';
  return [
    ['time', `${seconds.toFixed(3)} s`],
    ['rate', `${binarySize(bytesPerSecond)}/s on average${peak}`],
  ];
}

/** How the transfers ended: first the ways that are no failures. */
export function transferRows({ statuses, transfers }: Statistics, paint: Paint): string[][] {
  const failed = (['error', 'stall', 'no-device', 'overflow'] as const).map((status) => {
    const text = `${statuses[status]} ${status}`;
    return statuses[status] > 0 ? paint('red', text) : text;
  });
  const { completed, cancelled } = statuses;
  const fine = `${completed} completed, ${statuses['timed-out']} timed-out, ${cancelled} cancelled`;
  return [
    ['transfers', `${transfers}: ${fine},`],
    ['', failed.join(', ')],
  ];
}

/** When this machine was the reason that the device had to wait, and what helps. */
export function delayRows({ flow }: Statistics, { suspensions }: Report): string[][] {
  const { dryByHost } = flow;
  return dryByHost.count > 0 && suspensions.count === 0
    ? [
        ['dry', `${inSeconds(dryByHost)} at least: the device had to wait, as this machine was`],
        ['', 'too busy; less load helps, or more in flight: --transfers, --transfer-size'],
      ]
    : [];
}

/** `0.123 s, 4 times` */
export function inSeconds({
  milliseconds,
  count,
}: {
  milliseconds: number;
  count: number;
}): string {
  return `${(milliseconds / 1000).toFixed(3)} s, ${countOf(count, 'time')}`;
}

/**
 * Why it ended.
 *
 * @param idle what it means that nothing moved
 */
export function endRow({ end, signal }: Report, idle: string): string[] {
  const words: Partial<Record<End['reason'], string>> = {
    limit: 'limit reached',
    'input-ended': 'end of the input',
    duration: 'duration over',
    idle,
    interrupted: signal ?? 'interrupted',
    'reader-closed': 'reader closed the pipe',
  };
  return ['ended', words[end.reason] ?? end.reason];
}
