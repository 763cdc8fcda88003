import { UsbError } from '../usb/errors.js';
import { CliError } from './cli-error.js';

/**
 * What a failure of `Device.control` is to a person; what is none of a request's own, such as a want
 * of memory, stays as it is.
 *
 * @param timeout what the request was given, in milliseconds
 */
export function requestFailure(cause: unknown, timeout: number): unknown {
  if (!(cause instanceof UsbError)) {
    return cause;
  }
  switch (cause.code) {
    case 'stall':
      return new CliError(
        'request-stalled',
        'the device does not support this request, or not now',
        { cause },
      );
    case 'timed-out':
      return new CliError(
        'request-timed-out',
        `the device did not answer the request within ${timeout / 1000} s`,
        { advice: '--timeout gives it more time', cause },
      );
    case 'no-device':
      return new CliError('device-lost', 'the device vanished during the request', { cause });
    case 'io':
    case 'other':
      return new CliError('request-failed', `the request failed: ${cause.message}`, { cause });
    default:
      return cause;
  }
}
