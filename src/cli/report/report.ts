import type { Limits } from '../../engine/receive/limits.js';
import type { Outcome } from '../../engine/session/outcome.js';
import type { ReceiveStatistics, SendStatistics } from '../../engine/stats/statistics.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type ErrorCode, exitCodeOf } from '../errors/codes.js';
import { debugRecord, debugText } from '../errors/print.js';
import type { JsonOutput } from '../session/json-output.js';
import type { OutputFiles } from '../session/output.js';
import { logToStderr } from '../terminal/stdio.js';
import { painter } from '../terminal/style.js';
import { codeOfEnd } from './exit-status.js';
import { describeFailures } from './failure.js';
import { type ProcessUsage, processUsage } from './process-usage.js';
import { summaryRecord } from './record.js';
import { summaryText } from './summary.js';

/** What was received. */
export interface InReport {
  readonly location: EndpointLocation;
  readonly statistics: ReceiveStatistics;
  /** The files that were written; undefined for stdout. */
  readonly output: OutputFiles | undefined;
  /** The limits that were given. */
  readonly limits: Limits;
}

/** What was sent. */
export interface OutReport {
  readonly location: EndpointLocation;
  readonly statistics: SendStatistics;
  /** The name of the file that was read; undefined for stdin. */
  readonly input: string | undefined;
  /** Bytes of the input that were not read: Infinity if it has no end, undefined if unknown. */
  readonly unread?: number | undefined;
  /** Bytes of the input that were skipped. */
  readonly skip: number;
  /** The limit in bytes; undefined if there is none. */
  readonly bytes?: number | undefined;
}

/** The result of a stream: how it ended, and each direction that it has. */
export interface StreamResult {
  readonly end: Outcome;
  readonly in?: InReport;
  readonly out?: OutReport;
  /** The direction that failed, if only one did. */
  readonly failedDirection?: 'in' | 'out' | undefined;
  /** Why the device could not be restored to its former state, if so. */
  readonly restoreError: Error | undefined;
}

/** Everything that the summary of a stream contains. */
export interface Report extends StreamResult {
  readonly device: DeviceInfo;
  /** The signal that was received, if any. */
  readonly signal: NodeJS.Signals | undefined;
  /** How often, and for how many milliseconds, the process was suspended (Ctrl-Z). */
  readonly suspensions: { readonly count: number; readonly milliseconds: number };
  /** The resources that the process used. */
  readonly usage: ProcessUsage;
  /** Why some `--stats` records were lost, if so. */
  readonly statsError: Error | undefined;
  /** Undefined if nothing failed. */
  readonly errorCode: ErrorCode | undefined;
  readonly exitCode: number;
}

/**
 * Makes the report of a stream that has ended.
 *
 * @param duration the time limit in milliseconds, if there is one
 */
export function makeReport(
  result: StreamResult,
  duration: number | undefined,
  rest: Pick<Report, 'device' | 'signal' | 'suspensions'>,
): Report {
  const errorCode = codeOfEnd(result, duration !== undefined);
  return {
    ...result,
    ...rest,
    usage: processUsage(),
    statsError: undefined,
    errorCode,
    exitCode: errorCode === undefined ? 0 : exitCodeOf(errorCode, rest.signal),
  };
}

/** Adds the failure of `--stats`, which decides the exit code only if nothing else failed. */
export function withStatsError(report: Report, statsError: Error | undefined): Report {
  return statsError === undefined || report.errorCode !== undefined
    ? { ...report, statsError }
    : { ...report, statsError, errorCode: 'stats-failed', exitCode: exitCodeOf('stats-failed') };
}

/** Prints a report: the summary and what failed, as text on stderr, and as JSON if there is one. */
export async function printReport(
  report: Report,
  json: JsonOutput | undefined,
  { quiet, debug }: { quiet: boolean; debug: boolean },
): Promise<void> {
  const { end, restoreError, statsError, errorCode } = report;
  const causes = [end.cause, restoreError, statsError].filter((cause) => cause !== undefined);
  const debugging = debug && errorCode !== undefined && causes.length > 0;
  if (json !== undefined) {
    const details = debugging ? debugRecord(causes) : undefined;
    json.put({ ...summaryRecord(report), debug: details });
    if (json.isOnStderr) {
      return;
    }
  }
  const paint = await painter('stderr');
  if (!quiet && !json?.isOnStdout) {
    logToStderr(summaryText(report, paint));
  }
  const failure = describeFailures(report);
  if (failure !== undefined) {
    if (debugging) {
      logToStderr(debugText(causes));
    }
    logToStderr(`${paint('red', 'usbxfer:')} ${failure}`);
  }
}
