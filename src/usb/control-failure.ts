import { UsbError, type UsbErrorCode } from './errors.js';
import type { TransferStatus } from './transfer-status.js';

/** The error that each end of a control transfer stands for, and the words for it. */
const FAILURES: Readonly<
  Record<Exclude<TransferStatus, 'completed'>, readonly [code: UsbErrorCode, words: string]>
> = {
  error: ['io', 'input/output error on endpoint 0'],
  'timed-out': ['timed-out', 'the device did not answer the control request in time'],
  cancelled: ['io', 'the control request was cancelled'],
  stall: [
    'stall',
    'the device refused the control request (stall): it does not support it, or not now',
  ],
  'no-device': ['no-device', 'the device is gone'],
  overflow: ['io', 'the device sent more than it was asked for'],
};

/** What a person is told of a control request that did not complete. */
export function controlFailure(status: Exclude<TransferStatus, 'completed'>): UsbError {
  const [code, words] = FAILURES[status];
  return new UsbError(code, words);
}
