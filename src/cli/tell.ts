import { describeFailure, type Report } from './report.js';
import { toJson } from './sanitize.js';
import { say } from './stdio.js';
import { type Paint, painter } from './style.js';

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
  const { end, unrestored, unreported, errorCode } = report;
  const causes = [end.cause, unrestored, unreported].filter((cause) => cause !== undefined);
  const debugging =
    debug && errorCode !== undefined && causes.length > 0 ? await import('./debug.js') : undefined;
  if (json) {
    say(toJson({ ...recordOf(report), debug: debugging?.debugRecord(causes) }));
    return;
  }
  const paint = await painter('stderr');
  if (!quiet) {
    say(textOf(report, paint));
  }
  const failure = describeFailure(report);
  if (failure !== undefined) {
    if (debugging !== undefined) {
      say(debugging.debugText(causes));
    }
    say(`${paint('red', 'usbxfer:')} ${failure}`);
  }
}
