import { CliError } from '../errors/cli-error.js';
import type { Interruption } from '../session/shutdown.js';
import { STDIN_NAMES } from '../session/startup-fds.js';
import { countOf } from '../terminal/format.js';
import { version } from '../version.js';
import { MAX_BUCKETS } from './buckets.js';
import type { ChartData } from './chart-data.js';
import { type FileChart, MAX_RUNS, readChart } from './read-file.js';

/** The most buckets of all streams: the page must open at once. */
const ALL_BUCKETS = 32 * 1024;

/**
 * Reads files, one after the other. Memory is bounded, however large they are.
 *
 * @param files names; `-` is stdin, which can be read once
 * @throws CliError for too many files, or as `readChart`
 */
export async function readCharts(
  files: readonly string[],
  shutdown: Interruption,
): Promise<ChartData> {
  if (files.length > MAX_RUNS) {
    throw new CliError(
      'invalid-value',
      `${countOf(files.length, 'file')} are too many: a page has at most ${MAX_RUNS} runs`,
      { advice: 'write several pages' },
    );
  }
  if (files.filter((file) => STDIN_NAMES.has(file)).length > 1) {
    throw new CliError('conflicting-options', 'stdin is named twice: it can be read once');
  }
  const charts: FileChart[] = [];
  let runs = 0;
  for (const file of files) {
    const read = await readChart(file, MAX_RUNS - runs, shutdown);
    charts.push(read);
    runs += read.chart.runs;
  }
  // A run has two streams at most.
  const mostBuckets = Math.min(MAX_BUCKETS, Math.floor(ALL_BUCKETS / (2 * runs)));
  return {
    version: version(),
    created: new Date().toISOString(),
    files: charts.flatMap(({ chart, name }) => chart.finish(name, mostBuckets)),
  };
}
