import { toError } from '../usb/to-error.js';

/** Why a step failed; undefined when it did not. */
export function failureOf(step: Promise<void>): Promise<Error | undefined> {
  return step.then(() => undefined, toError);
}
