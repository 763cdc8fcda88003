/** With more curves in a chart, the bands around them would hide each other: the page has none. */
export const MOST_BANDS = 4;

/** Gaps that the page lists and marks, of all files together. */
export const MOST_GAPS = 1000;

/**
 * What the page of `usbxfer plot` draws, and the only thing that its script knows. It is put into the page
 * as JSON. Every text in it may come from a file: it is bounded in length, and the page must show it as
 * text, never as HTML.
 */
export interface ChartData {
  /** Of usbxfer, that wrote the page. */
  readonly version: string;
  /** When the page was written, in UTC. */
  readonly created: string;
  readonly files: readonly ChartFile[];
}

/** One input file. */
export interface ChartFile {
  /** Its name without the folder. */
  readonly name: string;
  readonly kind: 'stats' | 'summary' | 'index' | 'bench' | 'tune';
  /** The device and endpoint as far as the file tells, such as `1234:5678 0x81`; may be empty. */
  readonly subject: string;
  /** When the run started, in UTC, with milliseconds; null if the file does not tell. */
  readonly startTime: string | null;
  /** Rows of the table of totals: label and value, both to be shown as they are. */
  readonly facts: readonly (readonly [string, string])[];
  /** The curves of a run. Two for `pipe`; empty for `bench` and `tune`. */
  readonly streams: readonly ChartStream[];
  /** The first gaps: at most 1000. */
  readonly gaps: readonly ChartGap[];
  /** All gaps of the run; null if files of this kind do not tell: those of `write`, `bench` and `tune`. */
  readonly gapCount: number | null;
  /** For `bench`: one entry for each run; otherwise null. */
  readonly bench: readonly BenchBar[] | null;
  /** For `tune`; otherwise null. */
  readonly tune: TuneGrid | null;
}

/**
 * The data of one direction over time. The records of the file are put into buckets of equal duration; the
 * arrays have one entry for each bucket that has a record. Bytes per second, bytes and seconds.
 */
export interface ChartStream {
  readonly direction: 'in' | 'out';
  /** Middle of each bucket: seconds since the first submission, rising. */
  readonly seconds: readonly number[];
  /** Rate: mean over the bucket, and the smallest and largest of its records. */
  readonly rateMean: readonly number[];
  readonly rateMin: readonly number[];
  readonly rateMax: readonly number[];
  /** Most bytes buffered in the bucket. Empty if the file does not tell. */
  readonly buffered: readonly number[];
  /** Share of the bucket without a transfer in flight because usbxfer lagged, 0 to 1. Empty likewise. */
  readonly starved: readonly number[];
  /** Transfers in each bucket by status, in the order of the JSON output; statuses that never occur left out. */
  readonly statuses: readonly { readonly status: string; readonly counts: readonly number[] }[];
}

/** A place where bytes may be missing. */
export interface ChartGap {
  readonly direction: 'in' | 'out';
  /** Bytes of the output (or of the input) before it; null if the file does not tell. */
  readonly offset: number | null;
  /** Since the first submission; null if the file does not tell. */
  readonly seconds: number | null;
  /** In UTC; null if the file does not tell. */
  readonly time: string | null;
  readonly cause: string;
}

/** One run of `bench`. */
export interface BenchBar {
  readonly bytesPerSecond: number;
  readonly cpuSecondsPerGb: number;
  readonly intervalP50: number;
  readonly intervalP99: number;
  readonly intervalMax: number;
}

/** The candidates of `tune`. */
export interface TuneGrid {
  /** Bytes of a transfer, rising. */
  readonly sizes: readonly number[];
  /** Transfers in flight, rising. */
  readonly depths: readonly number[];
  /** One entry for each measured pair; `size` and `depth` are indexes into the above. */
  readonly cells: readonly {
    readonly size: number;
    readonly depth: number;
    /** Bytes per second. */
    readonly median: number;
    readonly min: number;
    readonly max: number;
    readonly starvedSeconds: number;
  }[];
  /** Index of the recommended cell. */
  readonly best: number;
  /** Options to copy. */
  readonly options: string;
  /** What limits the rate, as one sentence. */
  readonly verdict: string;
}
