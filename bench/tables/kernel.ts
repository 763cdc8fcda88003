/** The part of the results of `npm run bench:kernel` that the tables show. */
export interface KernelResults {
  readonly summaries: readonly {
    readonly setting: string;
    readonly place: string;
    readonly program: string;
    /** Bytes per second. */
    readonly rate: { readonly median: number };
    /** The rate of usbxfer divided by this rate. */
    readonly ratio?: { readonly median: number };
  }[];
}

/** The programs of the table, and their headings. */
const PROGRAMS = {
  usbxfer: 'usbxfer',
  'C pool': 'C, `fwrite` in the callback',
  startPoll: "node-usb's `startPoll`",
  'one by one': 'one transfer at a time',
} as const;

const PLACES = { file: 'a file (tmpfs)', pipe: 'a pipe', null: '/dev/null' } as const;

/** The table of one speed in Markdown: MiB/s, and the ratios. */
export function kernelTable(
  { summaries }: KernelResults,
  setting: string,
  title: string,
): string[] {
  const cell = (place: string, program: string): string => {
    const found = summaries.find(
      (one) => one.setting === setting && one.place === place && one.program === program,
    );
    if (found === undefined) {
      return '-';
    }
    const rate = found.rate.median / 1024 ** 2;
    const text = rate.toFixed(rate < 10 ? 2 : 1);
    const ratio = found.ratio?.median;
    return ratio === undefined ? text : `${text} (${ratio.toFixed(ratio < 10 ? 2 : 0)} ×)`;
  };
  return [
    `| ${[`${title}, to`, ...Object.values(PROGRAMS)].join(' | ')} |`,
    `|${'---|'.repeat(Object.keys(PROGRAMS).length + 1)}`,
    ...Object.entries(PLACES).map(([place, name]) => {
      const cells = Object.keys(PROGRAMS).map((program) => cell(place, program));
      return `| ${[name, ...cells].join(' | ')} |`;
    }),
  ];
}
