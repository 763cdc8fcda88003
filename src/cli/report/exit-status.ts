import type { EndReason } from '../../engine/session/outcome.js';
import type { ErrorCode } from '../errors/codes.js';
import type { StreamResult } from './report.js';
import { goalOptions } from './words.js';

/** The code of each reason that is a failure by itself. */
const FAILURES: Readonly<Partial<Record<EndReason, ErrorCode>>> = {
  stall: 'stall',
  error: 'transfer-error',
  overflow: 'overflow',
  'device-lost': 'device-lost',
  'device-reset': 'device-reset',
  'submit-failed': 'submit-failed',
  'output-failed': 'output-failed',
  'input-failed': 'input-failed',
  'request-failed': 'request-failed',
  internal: 'internal',
};

/** A clean reason that is a failure under a condition. */
type EarlyEnd = readonly [code: ErrorCode, when: 'always' | keyof Missed];

/** What a stream may have ended before. */
interface Missed {
  /** A number of bytes or transfers, or the end of a message. */
  readonly goal: boolean;
  /** The goal, or the time limit. */
  readonly limit: boolean;
  /** The goal, or the end of the input. */
  readonly goalOrInput: boolean;
  /** The goal, the time limit, or the acceptance of all bytes that were read. */
  readonly any: boolean;
}

/**
 * The code of each clean reason that is a failure. `--bytes`, `--count` and `--until-short` are the
 * goal of a stream, and so is the end of its input, if it has one. Without a goal, `--duration` is.
 */
const EARLY_ENDS: Readonly<
  Record<'read' | 'write' | 'pipe', Partial<Record<EndReason, EarlyEnd>>>
> = {
  read: {
    'input-ended': ['short-input', 'goal'],
    idle: ['idle', 'limit'],
    interrupted: ['interrupted', 'limit'],
    duration: ['timeout', 'goal'],
  },
  write: {
    'input-ended': ['short-input', 'goal'],
    idle: ['idle', 'always'],
    interrupted: ['interrupted', 'always'],
    duration: ['timeout', 'goalOrInput'],
  },
  pipe: {
    'input-ended': ['idle', 'goal'],
    interrupted: ['interrupted', 'any'],
    duration: ['timeout', 'goalOrInput'],
  },
};

/**
 * The code of the failure that a stream ended with; undefined if it did not fail. A gap is reported
 * before an early end, unless restarts of the device did not help, and a device that was not restored only if nothing else failed.
 *
 * @param hasDuration whether there was a time limit
 */
export function codeOfEnd(result: StreamResult, hasDuration: boolean): ErrorCode | undefined {
  const { end, in: received, out: sent, restoreError } = result;
  const name = received && sent ? 'pipe' : received ? 'read' : 'write';
  const early = EARLY_ENDS[name][end.reason];
  const missed = { always: true, ...missedBy(result, hasDuration) };
  return (
    FAILURES[end.reason] ??
    (end.restarts === undefined ? undefined : 'idle') ??
    (received && received.statistics.gapCount > 0 ? 'gaps' : undefined) ??
    (early && missed[early[1]] ? early[0] : undefined) ??
    (restoreError && 'not-restored')
  );
}

function missedBy({ in: received, out: sent }: StreamResult, hasDuration: boolean): Missed {
  const goal = [...goalOptions(received?.limits), sent?.bytes].some((given) => given !== undefined);
  const limit = goal || hasDuration;
  const unsent = sent?.statistics.bytesUnsent ?? 0;
  const rest = unsent + (sent?.unread ?? 0);
  const input = rest > 0 && rest < Number.POSITIVE_INFINITY; // an input without an end is no goal
  return { goal, limit, goalOrInput: goal || input, any: limit || unsent > 0 };
}
