import { basename } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { INDEX_SCHEMA } from '../record/index-format.js';
import { cannotRead, openInput } from '../session/input.js';
import type { Interruption } from '../session/shutdown.js';
import { STDIN_NAMES } from '../session/startup-fds.js';
import { countOf } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { version } from '../version.js';
import { benchResult, tuneResult } from './bench-chart.js';
import { MAX_BUCKETS } from './buckets.js';
import { type Chart, type ChartRun, ResultChart } from './chart.js';
import type { ChartData, ChartFile } from './chart-data.js';
import { IndexChart } from './index-chart.js';
import { type Fields, lineError, readObjects, WRITERS } from './objects.js';
import { STATS_SCHEMAS, StatsChart } from './stats-chart.js';
import { SUMMARY_SCHEMAS, summaryResult } from './summary-chart.js';

/** The most runs of a page: more curves cannot be told apart. */
const MAX_RUNS = 16;

/** Makes the chart of a file. @param name in messages */
type MakeChart = (name: string) => Chart;

/** The schemas that can be plotted. */
const CHARTS: ReadonlyMap<unknown, MakeChart> = new Map<unknown, MakeChart>([
  ...Object.entries(STATS_SCHEMAS).map(
    ([schema, directions]) => [schema, (name: string) => new StatsChart(name, directions)] as const,
  ),
  ...Object.entries(SUMMARY_SCHEMAS).map(
    ([schema, directions]) =>
      [schema, (name: string) => new ResultChart(name, summaryResult(directions))] as const,
  ),
  [INDEX_SCHEMA, (name) => new IndexChart(name)],
  ['usbxfer.bench/1', (name) => new ResultChart(name, benchResult)],
  ['usbxfer.tune/1', (name) => new ResultChart(name, tuneResult)],
]);

/** The kinds of files of which a run that is killed leaves a part. */
const GROWING: ReadonlySet<unknown> = new Set([INDEX_SCHEMA, ...Object.keys(STATS_SCHEMAS)]);

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
    files: charts.flatMap(({ chart, name }) => nameRuns(name, chart.finish(mostBuckets))),
  };
}

/** Numbers the runs of a file that has several: `night.jsonl (run 2)`. */
function nameRuns(name: string, runs: readonly ChartRun[]): ChartFile[] {
  return runs.map((run, i) => ({
    name: runs.length === 1 ? name : `${name} (run ${i + 1})`,
    ...run,
  }));
}

/** A file that was read. */
interface FileChart {
  readonly chart: Chart;
  /** Its name without the folder. */
  readonly name: string;
}

/**
 * Reads a file whose kind is in its `schema` field. Says on stderr if its last line is incomplete.
 *
 * @param file a name; `-` is stdin
 * @param maxRuns the most runs that it may have
 * @throws CliError for a file that cannot be read or plotted, or at a signal
 */
async function readChart(
  file: string,
  maxRuns: number,
  shutdown: Interruption,
): Promise<FileChart> {
  const { source, name = 'stdin' } = await openInput({ input: file, isArgument: true }, shutdown);
  const shown = sanitize(name);
  const objects = new FileObjects(shown, maxRuns);
  try {
    const cutLine = await readObjects(
      source,
      { name: shown, signal: shutdown.signal },
      (fields, line) => objects.add(fields, line),
    );
    return { chart: objects.finish(cutLine), name: sanitize(basename(name)) };
  } catch (cause) {
    throw cause instanceof CliError ? cause : cannotRead(shown, cause, shutdown, 'reading');
  } finally {
    await source.close();
  }
}

/** The objects of one file. All have the schema of the first one. */
class FileObjects {
  readonly #name: string;
  readonly #maxRuns: number;
  #schema: unknown;
  #chart: Chart | undefined;

  /** @param name in messages; safe to print */
  constructor(name: string, maxRuns: number) {
    this.#name = name;
    this.#maxRuns = maxRuns;
  }

  /** @throws CliError for an object that does not belong to the file */
  add(fields: Fields, line: number): void {
    const { schema } = fields;
    this.#chart ??= this.#start(schema, line);
    // Only the first line of an index has a schema.
    if (schema !== this.#schema && !(schema === undefined && this.#schema === INDEX_SCHEMA)) {
      throw lineError(
        this.#name,
        line,
        `${schemaText(schema)} after ${schemaText(this.#schema)}`,
        'write each kind to a file of its own',
      );
    }
    this.#chart.add(fields, line);
    if (this.#chart.runs > this.#maxRuns) {
      throw lineError(
        this.#name,
        line,
        `too many runs: a page has at most ${MAX_RUNS}`,
        'split the file, and write several pages',
      );
    }
  }

  /**
   * @param cutLine the line in which the file ends too early
   * @throws CliError for a file without an object, or one that lacks a part
   */
  finish(cutLine: number | undefined): Chart {
    if (this.#chart === undefined) {
      const what = cutLine === undefined ? 'is empty' : 'ends within its first record';
      throw new CliError('input-failed', `cannot plot ${this.#name}: it ${what}`, {
        advice: WRITERS,
      });
    }
    if (cutLine !== undefined) {
      if (!GROWING.has(this.#schema)) {
        throw lineError(this.#name, cutLine, 'the file ends within this object');
      }
      const cut = `line ${cutLine} is incomplete, as after a run that was killed`;
      logToStderr(`usbxfer: ${this.#name}: ${cut}; it is left out`);
    }
    return this.#chart;
  }

  #start(schema: unknown, line: number): Chart {
    const make = CHARTS.get(schema);
    if (make === undefined) {
      const what =
        typeof schema === 'string'
          ? `${schemaText(schema)} cannot be plotted`
          : 'the object has no schema: it is not from usbxfer';
      throw lineError(this.#name, line, what, WRITERS);
    }
    this.#schema = schema;
    return make(this.#name);
  }
}

function schemaText(schema: unknown): string {
  return typeof schema === 'string' ? sanitize(schema) : 'an object without a schema';
}
