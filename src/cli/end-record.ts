import { describeFailure, type Report } from './report.js';

/** How it ended, for programs. */
export function endRecord(report: Report): Record<string, unknown> {
  const { end, signal, errorCode, exitCode } = report;
  return {
    end: end.reason,
    signal: end.reason === 'interrupted' ? (signal ?? null) : null,
    error: describeFailure(report) ?? null,
    error_code: errorCode ?? null,
    exit_code: exitCode,
  };
}
