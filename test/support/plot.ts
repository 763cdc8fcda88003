import type { ChartData, ChartFile } from '../../src/cli/plot/chart-data.js';

/** The data in a page of plot. */
export function dataIn(html: string): ChartData {
  const [, json = ''] =
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json);
}

/** A row of the table of totals. */
export function fact({ facts }: ChartFile, label: string): string | undefined {
  return facts.find(([name]) => name === label)?.[1];
}

const STATUSES = {
  ...{ completed: 0, error: 0, timed_out: 0, cancelled: 0, stall: 0, no_device: 0, overflow: 0 },
};
const FAILURES = { stall: 0, error: 0, overflow: 0, device_lost: 0, device_reset: 0 };

/** What differs between records of one direction. */
export interface Progress {
  /** Seconds at its end, and the number of its seconds. */
  readonly seconds?: number;
  readonly duration?: number;
  readonly bytes?: number;
  readonly [field: string]: unknown;
}

/** The fields of one direction in a record of `--stats`. */
export function progress({ seconds = 1, duration = 1, bytes = 0, ...rest }: Progress = {}) {
  return {
    ...{ interval_bytes_received: bytes, interval_bytes_sent: bytes, seconds },
    ...{ interval_seconds: duration, bytes_per_second: 0, bytes_buffered: 0, transfers: 0 },
    ...{ throttled_seconds: 0, starved_count: 0, starved_seconds: 0, gap_count: 0 },
    ...{ bytes_written: 0, bytes_accepted: 0, statuses: STATUSES, failures: FAILURES },
    ...rest,
  };
}

/** A record of `read --stats`. */
export function stats(given: Progress = {}) {
  const { seconds = 1 } = given;
  const time = new Date(START + seconds * 1000).toISOString();
  return { schema: 'usbxfer.stats/2', final: false, time, ...progress(given) };
}

/** When the runs of `stats` started. */
export const START = Date.parse('2026-11-29T22:00:00.000Z');

/** The fields of the last record. */
export const FINAL = { final: true, end_reason: 'interrupted', error: null, exit_code: 130 };

/** A result of bench with these rates. */
export function benchResult(rates: readonly number[]) {
  return {
    ...{ schema: 'usbxfer.bench/1', mode: 'read', in: '0x82', out: null },
    device: { vid: '1234', pid: '5678', serial: null },
    ...{ transfers: 4, transfer_size: 512, first_mistake: null },
    runs: rates.map((rate) => ({
      ...{ bytes: 1, bytes_per_second: rate, cpu_seconds_per_gb: 1, starved_seconds: 0 },
      ...{ interval_p50_seconds: 0, interval_p99_seconds: 0, interval_max_seconds: 0 },
    })),
  };
}
