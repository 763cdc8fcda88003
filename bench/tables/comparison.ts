interface Median {
  readonly median: number;
}

/** The part of the results of `bench:native` and `bench:kernel` that the tables show. */
export interface ComparisonResults {
  readonly summaries: readonly {
    readonly setting: string;
    readonly place: string;
    readonly program: string;
    /** Bytes per second. */
    readonly rate: Median;
    /** The rate of usbxfer divided by this rate. */
    readonly ratio?: Median;
  }[];
}

/** The part of the results of `bench:native` and `bench:latency` that the tables show. */
export interface LatencyResults {
  readonly summaries: readonly {
    readonly setting: string;
    readonly program: string;
    /** Microseconds. */
    readonly p50: Median;
    readonly p99: Median;
  }[];
}

/** The programs of a table in its order, and their headings. */
const PROGRAMS: Readonly<Record<string, string>> = {
  usbxfer: 'usbxfer',
  'C pool': 'C',
  startPoll: "node-usb's `startPoll`",
  'one by one': 'one at a time',
};

const PLACES: Readonly<Record<string, string>> = {
  file: 'a file (tmpfs)',
  pipe: 'a pipe',
  null: '/dev/null',
  zero: '/dev/zero',
};

/** The settings of a comparison, in the order of the results. */
export function settingsOf({ summaries }: Pick<ComparisonResults, 'summaries'>): string[] {
  return [...new Set(summaries.map(({ setting }) => setting))];
}

/**
 * The table of one setting in Markdown: MiB/s, and the ratios.
 *
 * @param title heading of the places
 */
export function comparisonTable(
  { summaries }: ComparisonResults,
  setting: string,
  title: string,
): string[] {
  const own = summaries.filter((one) => one.setting === setting);
  const programs = Object.keys(PROGRAMS).filter((name) =>
    own.some(({ program }) => program === name),
  );
  const cell = (place: string, name: string): string => {
    const found = own.find((one) => one.place === place && one.program === name);
    if (found === undefined) {
      return '-';
    }
    const rate = found.rate.median / 1024 ** 2;
    const text = rate.toFixed(rate < 10 ? 2 : rate < 1000 ? 1 : 0);
    const ratio = found.ratio?.median;
    return ratio === undefined ? text : `${text} (${ratio.toFixed(ratio < 10 ? 2 : 0)} ×)`;
  };
  return [
    row([title, ...programs.map((name) => PROGRAMS[name] ?? name)]),
    `|${'---|'.repeat(programs.length + 1)}`,
    ...[...new Set(own.map(({ place }) => place))].map((place) =>
      row([PLACES[place] ?? place, ...programs.map((name) => cell(place, name))]),
    ),
  ];
}

/** The table of latencies in Markdown: milliseconds. */
export function latencyTable({ summaries }: LatencyResults, title: string): string[] {
  const milliseconds = ({ median }: Median) => (median / 1000).toFixed(median < 1000 ? 3 : 1);
  return [
    row([title, 'program', 'median ms', '99th percentile ms']),
    '|---|---|---|---|',
    ...summaries.map(({ setting, program, p50, p99 }) =>
      row([setting, PROGRAMS[program] ?? program, milliseconds(p50), milliseconds(p99)]),
    ),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
