import type { Command } from 'commander';
import { CliError } from '../errors/cli-error.js';
import { readIndex } from '../record/index-reader.js';
import { IndexSummary, type Pause } from '../record/index-summary.js';
import { causeText } from '../report/words.js';
import { cannotRead, openInput } from '../session/input.js';
import { ShutdownController } from '../session/shutdown.js';
import { binarySize, countOf, localTime } from '../terminal/format.js';
import { escapeUnsafe, sanitize, toJson } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { table } from '../terminal/table.js';

interface IndexOptions {
  readonly json?: true;
}

/** `usbxfer index` */
export function define(command: Command): void {
  command
    .argument('<file>', 'index that usbxfer read --index wrote; - is stdin')
    .option('--json', 'print one JSON object')
    .action(sumUp);
}

/** @throws CliError if the file cannot be read, or is no index */
async function sumUp(file: string, { json = undefined }: IndexOptions): Promise<void> {
  const shutdown = new ShutdownController({ json: false });
  const summary = new IndexSummary();
  try {
    const { source, name } = await openInput({ input: file, isArgument: true }, shutdown);
    const shown = name === undefined ? 'stdin' : sanitize(name);
    try {
      for await (const line of readIndex(source, shown, shutdown.signal)) {
        summary.add(line);
      }
    } catch (cause) {
      throw cause instanceof CliError ? cause : cannotRead(shown, cause, shutdown, 'reading');
    } finally {
      await source.close();
    }
  } finally {
    shutdown.dispose();
  }
  print(json ? toJson(recordOf(summary)) : textOf(summary));
}

/** A summary in the format of schema/index-summary.schema.json. */
function recordOf(summary: IndexSummary): Record<string, unknown> {
  return {
    schema: 'usbxfer.index-summary/1',
    complete: summary.isComplete,
    start_time: new Date(summary.startTime).toISOString(),
    bytes: summary.bytes,
    seconds: summary.seconds,
    bytes_per_second: summary.bytesPerSecond,
    transfers_with_data: summary.transfersWithData,
    transfer_statuses: Object.fromEntries(summary.statuses),
    message_sizes: summary.messages ?? null,
    longest_pauses: summary.pauses.map(({ seconds, end, offset }) => ({
      ...{ seconds, end_seconds: end, offset },
    })),
    gap_count: summary.gapCount,
    gaps: summary.gaps,
    clock_drift_ppm: summary.clockDrift ?? null,
  };
}

function textOf(summary: IndexSummary): string {
  const { bytes, seconds, bytesPerSecond, messages, clockDrift, gaps, gapCount } = summary;
  const others = [...summary.statuses].filter(([status]) => status !== 'completed');
  const failed = others.map(([status, count]) => `, ${count} ${escapeUnsafe(status)}`).join('');
  const rest = gapCount - gaps.length;
  const rows: readonly (readonly string[])[] = [
    ['start', localTime(new Date(summary.startTime))],
    ['bytes', `${bytes} (${binarySize(bytes)})`],
    ['time', `${seconds.toFixed(6)} s from the first to the last data`],
    ['rate', `${binarySize(bytesPerSecond)}/s on average`],
    ['transfers', `${summary.transfersWithData} with data${failed}`],
    ...(messages === undefined
      ? [['messages', 'none: no transfer was short']]
      : [
          ['messages', `${messages.count}, each ended by a short transfer`],
          [
            '',
            `${messages.min} to ${messages.max} bytes, p50 ${messages.p50}, p99 ${messages.p99}`,
          ],
        ]),
    ...labelled('pauses', summary.pauses.map(pauseText)),
    ...labelled(
      'gaps',
      gaps.map(({ offset, seconds: at, cause }) => {
        const known = causeText(cause as Parameters<typeof causeText>[0]);
        return `at byte ${offset}, after ${at.toFixed(6)} s: ${escapeUnsafe(known)}`;
      }),
    ),
    ...(rest > 0 ? [['', `and ${countOf(rest, 'more gap')}`]] : []),
    ...(clockDrift === undefined
      ? []
      : [['clock', `the time of day ran ${driftText(clockDrift)} than the monotonic clock`]]),
    ...(summary.isComplete ? [] : [['ended', 'the index has no end: the run was killed']]),
  ];
  return table(rows).join('\n');
}

/** Rows of which only the first one has a label. */
function labelled(label: string, texts: readonly string[]): string[][] {
  return texts.map((text, i) => [i === 0 ? label : '', text]);
}

function pauseText({ seconds, end, offset }: Pause): string {
  return `${seconds.toFixed(6)} s before byte ${offset}, up to ${end.toFixed(6)} s`;
}

function driftText(ppm: number): string {
  return `${Math.abs(ppm).toFixed(2)} ppm ${ppm < 0 ? 'slower' : 'faster'}`;
}
