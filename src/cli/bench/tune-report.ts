import { formatEndpoint } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { identityRecord } from '../devices/record.js';
import { binarySize, countOf } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import { settingText } from './candidate-run.js';
import {
  type Bottleneck,
  bottleneckOf,
  type Candidate,
  inFlight,
  type SearchResult,
} from './search.js';
import { bar, spreadOf } from './spread.js';

/** Everything that `usbxfer tune` prints. */
export interface TuneResult {
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  readonly found: SearchResult;
  /** Bytes per second that the bus carries at most; Infinity if unknown. */
  readonly busRate: number;
  /** Bytes that were read, all of which are gone. */
  readonly bytes: number;
  /** Runs that received no data, and were repeated. */
  readonly silentRuns: number;
}

/** The columns of a bar: a line must fit into 80 columns. */
const BAR_WIDTH = 12;

/** What limits the rate, in words. */
export const BOTTLENECKS: Readonly<Record<Bottleneck, string>> = {
  bus: 'the bus is the limit: it carries no more',
  host: 'this machine is the limit: usbxfer has no time left',
  settings: 'the settings are the limit: more in flight may be faster',
  device: 'the device is the limit: it sends no more',
};

/** The options of `usbxfer read` for a candidate. */
export function optionsFor({ depth, transferSize }: Candidate): string {
  const size = transferSize % 1024 === 0 ? `${transferSize / 1024}KiB` : String(transferSize);
  return `--transfers ${depth} --transfer-size ${size}`;
}

/** The result as text: a bar for each candidate, what limits the rate, and the options to copy. */
export function tuneText(result: TuneResult, unicode: boolean): string {
  const { found, busRate, bytes, silentRuns } = result;
  const { candidates, best, isUncertain, rounds } = found;
  const fastest = Math.max(...candidates.map(({ bytesPerSecond }) => bytesPerSecond));
  const rows = candidates.map((candidate) => {
    const { min, max } = spreadOf(candidate.rates);
    const { bytesPerSecond } = candidate;
    return [
      ...[candidate === best ? '*' : '', settingText(candidate)],
      ...[binarySize(inFlight(candidate)), bar(bytesPerSecond / fastest, BAR_WIDTH, unicode)],
      ...[`${binarySize(bytesPerSecond)}/s`, `${binarySize(min)}/s`, `${binarySize(max)}/s`],
    ];
  });
  const pause = (best.longestInterval * 1000).toFixed(1);
  return [
    ...table([['', 'transfers', 'in flight', '', 'rate', 'min', 'max'], ...rows]),
    '',
    `${BOTTLENECKS[bottleneckOf(found, busRate)]}; the longest time without a completion was ${pause} ms`,
    ...(isUncertain
      ? [
          `not certain after ${countOf(rounds, 'round')}: some rates overlap; give a longer --duration`,
        ]
      : []),
    `rates within ${(found.tolerance * 100).toFixed(0)} percent of the best count as equal`,
    ...(silentRuns > 0 ? [`${countOf(silentRuns, 'run')} received no data and did not count`] : []),
    `${binarySize(bytes)} of data from the device were read and discarded`,
    optionsFor(best),
  ].join('\n');
}

/** The result in the format of schema/tune.schema.json. */
export function tuneRecord(result: TuneResult) {
  const { device, location, found, busRate, bytes, silentRuns } = result;
  const { candidates, best, isUncertain, rounds } = found;
  return {
    schema: 'usbxfer.tune/1',
    device: identityRecord(device),
    endpoint: formatEndpoint(location.endpoint.address),
    best: candidateRecord(best),
    options: optionsFor(best),
    bottleneck: bottleneckOf(found, busRate),
    bus_bytes_per_second: Number.isFinite(busRate) ? busRate : null,
    certain: !isUncertain,
    tolerance: found.tolerance,
    rounds,
    silent_runs: silentRuns,
    bytes_discarded: bytes,
    candidates: candidates.map(candidateRecord),
  };
}

function candidateRecord(candidate: Candidate): Record<string, unknown> {
  const { depth, transferSize, rates, empty, longestInterval, cpu, busy } = candidate;
  return {
    ...{ transfers: depth, transfer_size: transferSize, bytes_in_flight: inFlight(candidate) },
    bytes_per_second: spreadOf(rates),
    runs: rates.length,
    ...{ starved_seconds: empty, longest_interval_seconds: longestInterval, cpu_share: cpu },
    busy_share: busy,
  };
}
