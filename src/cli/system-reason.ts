import { toError } from '../usb/to-error.js';

/**
 * What the system said, for a message that names the file already: `ENOENT: no such file or
 * directory, open 'x'` without the code, the call and the path.
 */
export function systemReason(error: unknown): string {
  return toError(error)
    .message.replace(/^[A-Z0-9]+: /, '')
    .replace(/, \w+( '.*')?$/s, '');
}
