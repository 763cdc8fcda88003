import type { DuplexStatistics } from '../../engine/session/duplex.js';
import type { Outcome } from '../../engine/session/outcome.js';
import type { ReceiveStatistics, SendStatistics } from '../../engine/stats/statistics.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { systemReason } from '../errors/cli-error.js';
import type { ErrorCode } from '../errors/codes.js';
import type { OutputFiles } from '../session/output.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { type Paint, painter } from '../terminal/style.js';
import { reasonOf } from './failure.js';

/** What every summary tells of, whatever moved in which direction. */
export interface Report {
  readonly device: DeviceInfo;
  readonly end: Outcome;
  /** What went wrong with the data, in words; undefined when nothing did. */
  readonly failure: string | undefined;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  /** How often, and for how long in milliseconds, the process was stopped (Ctrl-Z) meanwhile. */
  readonly suspensions: { readonly count: number; readonly milliseconds: number };
  /** What the process has used of the machine. */
  readonly usage: Pick<NodeJS.ResourceUsage, 'userCPUTime' | 'systemCPUTime' | 'maxRSS'>;
  /** Why the device could not be given back as it was, if so. */
  readonly restoreError: Error | undefined;
  /** Why `--stats` has not got all of its records, if so. */
  readonly unreported: Error | undefined;
  /** What went wrong; undefined when nothing did. */
  readonly errorCode: ErrorCode | undefined;
  readonly exitCode: number;
}

/** How a capture went. */
export interface ReadReport extends Report {
  readonly location: EndpointLocation;
  /** The files that the data went to; undefined for stdout. */
  readonly output: OutputFiles | undefined;
  readonly statistics: ReceiveStatistics;
}

/** How a sending went. */
export interface WriteReport extends Report {
  readonly location: EndpointLocation;
  /** The name of the file that the data came from; undefined for stdin. */
  readonly input: string | undefined;
  /** Bytes of the input that were passed over. */
  readonly skip: number;
  /** Bytes that were to be sent; undefined for all there are. */
  readonly bytes: number | undefined;
  readonly statistics: SendStatistics;
}

/** How both directions went. */
export interface PipeReport extends Report {
  readonly in: EndpointLocation;
  readonly out: EndpointLocation;
  /** The name of the file that was sent; undefined for stdin. */
  readonly input: string | undefined;
  /** The files that what was received went to; undefined for stdout. */
  readonly output: OutputFiles | undefined;
  readonly statistics: DuplexStatistics;
}

/** All that went wrong and what to do about it, in one line; undefined when nothing did. */
export function describeFailure({ failure, restoreError, unreported }: Report): string | undefined {
  const failures = [
    failure,
    restoreError && reasonOf({ cause: restoreError }),
    unreported && `--stats has not got all of its records: ${systemReason(unreported)}`,
  ];
  return failures.filter((text) => text !== undefined).join('; ') || undefined;
}

/** How to tell. */
export interface TellOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly debug?: true;
}

/**
 * Tells how it went, on stderr: the summary, and what went wrong.
 *
 * @param textOf the summary for a person
 * @param recordOf the summary for a program
 */
export async function tell<R extends Report>(
  report: R,
  textOf: (report: R, paint: Paint) => string,
  recordOf: (report: R) => Record<string, unknown>,
  { json, quiet, debug }: TellOptions,
): Promise<void> {
  const { end, restoreError, unreported, errorCode } = report;
  const causes = [end.cause, restoreError, unreported].filter((cause) => cause !== undefined);
  const debugging =
    debug && errorCode !== undefined && causes.length > 0
      ? await import('../errors/print.js')
      : undefined;
  if (json) {
    logToStderr(toJson({ ...recordOf(report), debug: debugging?.debugRecord(causes) }));
    return;
  }
  const paint = await painter('stderr');
  if (!quiet) {
    logToStderr(textOf(report, paint));
  }
  const failure = describeFailure(report);
  if (failure !== undefined) {
    if (debugging !== undefined) {
      logToStderr(debugging.debugText(causes));
    }
    logToStderr(`${paint('red', 'usbxfer:')} ${failure}`);
  }
}
