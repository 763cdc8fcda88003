import { toError } from '../usb/to-error.js';

/**
 * What the system said, for a message that names the file already: `ENOENT: no such file or
 * directory, open 'x'` without the code, the call and the path. Only an fsync is named: all is
 * written then, and yet may not be on the disk.
 */
export function systemReason(error: unknown): string {
  return toError(error)
    .message.replace(/^[A-Z0-9]+: /, '')
    .replace(/, fsync$/, ' at fsync')
    .replace(/, \w+( '.*')?$/s, '');
}
