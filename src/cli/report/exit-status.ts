import type { EndReason, Outcome } from '../../engine/session/outcome.js';
import type { ErrorCode } from '../errors/codes.js';
import type { ShutdownController } from '../session/shutdown.js';
import type { Report } from './report.js';

/** What it depends on whether it went well. */
export interface Ending {
  readonly end: Outcome;
  /** Whether a limit was asked for: of a sending, a number of bytes. */
  readonly limited: boolean;
  /** The signal that ended the capture, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  /** Gaps in the output. */
  readonly gaps: number;
  /** Why the device could not be given back as it was, if so. */
  readonly restoreError?: Error | undefined;
}

/** The code of each reason; undefined for what is no failure by itself. */
const CODES: Readonly<Record<EndReason, ErrorCode | undefined>> = {
  limit: undefined,
  'input-ended': undefined,
  duration: undefined,
  idle: undefined,
  interrupted: undefined,
  'reader-closed': undefined,
  stall: 'stall',
  error: 'transfer-error',
  overflow: 'overflow',
  'device-lost': 'device-lost',
  'submit-failed': 'submit-failed',
  'output-failed': 'output-failed',
  'input-failed': 'input-failed',
  'request-failed': 'request-failed',
  internal: 'internal',
};

/**
 * What went wrong with a capture; undefined when nothing did. A gap is told before an end short of
 * the limit; a device that could not be given back is told when nothing else is.
 */
export function codeOfEnd({
  end,
  limited,
  signal,
  gaps,
  restoreError,
}: Ending): ErrorCode | undefined {
  const code = CODES[end.reason];
  if (code !== undefined) {
    return code;
  }
  if (gaps > 0) {
    return 'gaps';
  }
  if (limited && end.reason === 'idle') {
    return 'idle';
  }
  if (limited && end.reason === 'interrupted' && signal !== undefined) {
    return 'interrupted';
  }
  return restoreError && 'not-restored';
}

/**
 * What went wrong with a sending; undefined when nothing did. Whatever ends it before all is sent
 * that was to be is a failure: the device lacks the rest.
 */
export function codeOfSendEnd({
  end,
  limited,
  restoreError,
}: Pick<Ending, 'end' | 'limited' | 'restoreError'>): ErrorCode | undefined {
  return CODES[end.reason] ?? shortness(end, limited) ?? (restoreError && 'not-restored');
}

/**
 * What went wrong with both directions at once; undefined when nothing did. A signal is how it ends,
 * unless a limit was asked for, or something of the input is not sent; so is the duration, unless the
 * latter; silence is, unless there were to be so many bytes.
 *
 * @param unsent bytes that were read from the input, and that the device lacks
 */
export function codeOfPipeEnd({
  end,
  limited,
  unsent,
  restoreError,
}: Pick<Ending, 'end' | 'limited' | 'restoreError'> & { unsent: number }): ErrorCode | undefined {
  const code = CODES[end.reason];
  if (code === undefined && end.reason === 'interrupted' && (limited || unsent > 0)) {
    return 'interrupted';
  }
  if (limited && end.reason === 'input-ended') {
    return 'idle';
  }
  if (unsent > 0 && end.reason === 'duration') {
    return 'timeout';
  }
  return code ?? (restoreError && 'not-restored');
}

function shortness({ reason }: Outcome, limited: boolean): ErrorCode | undefined {
  switch (reason) {
    case 'input-ended':
      return limited ? 'short-input' : undefined;
    case 'idle':
    case 'interrupted':
      return reason;
    case 'duration':
      return 'timeout';
    default:
      return undefined;
  }
}

/** What every report has of the process, now that all is over. */
export async function outcomeOf(
  errorCode: ErrorCode | undefined,
  { received: signal, suspensions }: ShutdownController,
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
  return code === undefined ? 0 : (await import('../errors/codes.js')).exitCodeOf(code, signal);
}
