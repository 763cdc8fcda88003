import { isatty } from 'node:tty';
import type { ReportPlan } from '../options/plan.js';
import { STDIN_NAMES, STDOUT_NAMES } from '../session/startup-fds.js';
import { isTerminal, showsStdout } from '../terminal/foreground.js';
import { STDERR, STDIN } from '../terminal/stdio.js';

/**
 * Whether to show the progress line. By default, it is not shown on a terminal that also shows the
 * data or the JSON summary, or on which the data is typed.
 */
export function showsProgress(
  plan: Pick<ReportPlan, 'progress' | 'input' | 'output' | 'quiet' | 'json'>,
): boolean {
  const { progress, input, output, quiet } = plan;
  if (progress !== 'auto') {
    return progress === 'always';
  }
  if (quiet || hasJsonOnStderr(plan) || !isatty(STDERR) || process.env['TERM'] === 'dumb') {
    return false;
  }
  if (input !== undefined && (STDIN_NAMES.has(input) ? isatty(STDIN) : isTerminal(input))) {
    return false;
  }
  return output === undefined || !(STDOUT_NAMES.has(output) ? showsStdout() : isTerminal(output));
}

/** Whether stderr has the JSON, and so no text. */
export function hasJsonOnStderr({ json }: Pick<ReportPlan, 'json'>): boolean {
  return json?.target === STDERR;
}
