import type { ErrorCode } from './errors.js';
import type { Report } from './report.js';
import type { Interruption } from './signals.js';

/** What every report has of the process, now that all is over. */
export async function outcomeOf(
  errorCode: ErrorCode | undefined,
  { received: signal, suspensions }: Interruption,
): Promise<
  Pick<Report, 'signal' | 'suspensions' | 'usage' | 'unreported' | 'errorCode' | 'exitCode'>
> {
  return {
    signal,
    suspensions,
    usage: process.resourceUsage(),
    unreported: undefined,
    errorCode,
    exitCode: await exitCodeFor(errorCode, signal),
  };
}

/** The table of errors is loaded only when there is one. */
async function exitCodeFor(
  code: ErrorCode | undefined,
  signal: NodeJS.Signals | undefined,
): Promise<number> {
  return code === undefined ? 0 : (await import('./errors.js')).exitCodeOf(code, signal);
}
