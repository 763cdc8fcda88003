import type { End } from '../transfer/end.js';
import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import type { DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import type { ErrorCode } from './errors.js';
import type { OutputFiles } from './output.js';

/** All that a summary tells of. */
export interface Report {
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  /** The files that the data went to; undefined for stdout. */
  readonly output: OutputFiles | undefined;
  readonly end: End;
  readonly statistics: ReceiveStatistics;
  /** The signal that ended the capture, if one did. */
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
