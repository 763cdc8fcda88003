import type { ConversationStatistics } from '../transfer/conversation.js';
import type { End } from '../transfer/end.js';
import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import type { SendStatistics } from '../transfer/send-statistics.js';
import type { DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import type { ErrorCode } from './errors.js';
import type { OutputFiles } from './output.js';
import { escapeUnsafe } from './sanitize.js';
import { systemReason } from './system-reason.js';

/** What every summary tells of, whatever moved in which direction. */
export interface Report {
  readonly device: DeviceInfo;
  readonly end: End;
  /** What went wrong with the data, in words; undefined when nothing did. */
  readonly failure: string | undefined;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  /** How often, and for how long in milliseconds, the process was stopped (Ctrl-Z) meanwhile. */
  readonly suspensions: { readonly count: number; readonly milliseconds: number };
  /** What the process has used of the machine. */
  readonly usage: Pick<NodeJS.ResourceUsage, 'userCPUTime' | 'systemCPUTime' | 'maxRSS'>;
  /** Why the device could not be given back as it was, if so. */
  readonly unrestored: Error | undefined;
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
  readonly statistics: ConversationStatistics;
}

/** All that went wrong and what to do about it, in one line; undefined when nothing did. */
export function describeFailure({ failure, unrestored, unreported }: Report): string | undefined {
  const failures = [
    failure,
    unrestored && escapeUnsafe(unrestored.message),
    unreported && `--stats has not got all of its records: ${systemReason(unreported)}`,
  ];
  return failures.filter((text) => text !== undefined).join('; ') || undefined;
}
