import type { Sample } from '../sample.js';
import { sizeName } from './case.js';
import type { Comparison, Summary } from './comparison.js';

const MIB = 1024 * 1024;

/** Formats one line for each case. */
export function summaryTable(summaries: readonly Summary[]): string {
  const head = ['path', 'output', 'depth', 'size', 'MiB/s', '(min–max)', 'transfers/s'];
  const rows = summaries.map((summary) => {
    const { path, output, depth, size, bytesPerSecond, transfersPerSecond } = summary;
    return [
      ...[path, output, `${depth}`, sizeName(size)],
      (bytesPerSecond.median / MIB).toFixed(0),
      range(bytesPerSecond, (rate) => (rate / MIB).toFixed(0)),
      transfersPerSecond.median.toFixed(0),
      summary.seconds.median.toFixed(2),
      summary.wallSeconds.median.toFixed(2),
      summary.cpuSeconds.median.toFixed(2),
      summary.peakRssMib.median.toFixed(0),
    ];
  });
  return table([[...head, 'seconds', 'wall s', 'CPU s', 'RSS MiB'], ...rows]);
}

/** Formats one line for each comparison, with whether it meets its minimum. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const head = ['ratio', 'output', 'depth', 'size', 'median', '(min–max)', 'goal', ''];
  const rows = comparisons.map(({ ours, theirs, output, depth, size, ratio, goal }) => [
    ...[`${ours}/${theirs}`, output, `${depth}`, sizeName(size)],
    ratio.median.toFixed(3),
    range(ratio, (value) => value.toFixed(3)),
    ...(goal === undefined ? ['', ''] : [goal.toFixed(2), verdict(ratio, goal)]),
  ]);
  return table([head, ...rows]);
}

function verdict(ratio: Sample, goal: number): string {
  return ratio.median >= goal ? 'met' : 'MISSED';
}

function range({ min, max }: Sample, format: (value: number) => string): string {
  return `(${format(min)}–${format(max)})`;
}

/** Aligns columns: words to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}
