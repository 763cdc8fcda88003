import type { EndReason } from '../../engine/session/outcome.js';
import type { ErrorCode } from '../errors/codes.js';
import type { StreamResult } from './report.js';

/** The code of each reason that is a failure by itself. */
const FAILURES: Readonly<Partial<Record<EndReason, ErrorCode>>> = {
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

/** A reason that is a failure if the stream had more to do. */
type EarlyEnd = readonly [code: ErrorCode, when: 'always' | 'limited' | 'unsent' | 'unfinished'];

/**
 * The code of each clean reason that is a failure, if
 * - `limited`: a limit was given
 * - `unsent`: the device did not accept all input that was read
 * - `unfinished`: either of these
 */
const EARLY_ENDS: Readonly<
  Record<'read' | 'write' | 'pipe', Partial<Record<EndReason, EarlyEnd>>>
> = {
  read: {
    idle: ['idle', 'limited'],
    interrupted: ['interrupted', 'limited'],
  },
  write: {
    'input-ended': ['short-input', 'limited'],
    idle: ['idle', 'always'],
    interrupted: ['interrupted', 'always'],
    duration: ['timeout', 'always'],
  },
  pipe: {
    'input-ended': ['idle', 'limited'],
    interrupted: ['interrupted', 'unfinished'],
    duration: ['timeout', 'unsent'],
  },
};

/**
 * The code of the failure that a stream ended with; undefined if it did not fail. A gap is reported
 * before an early end, and a device that was not restored only if nothing else failed.
 *
 * @param limited whether a limit was given
 */
export function codeOfEnd(result: StreamResult, limited: boolean): ErrorCode | undefined {
  const { end, in: received, out: sent, restoreError } = result;
  const name = received && sent ? 'pipe' : received ? 'read' : 'write';
  const unsent = (sent?.statistics.bytesUnsent ?? 0) > 0;
  const given = { always: true, limited, unsent, unfinished: limited || unsent };
  const early = EARLY_ENDS[name][end.reason];
  return (
    FAILURES[end.reason] ??
    (received && received.statistics.gapCount > 0 ? 'gaps' : undefined) ??
    (early && given[early[1]] ? early[0] : undefined) ??
    (restoreError && 'not-restored')
  );
}
