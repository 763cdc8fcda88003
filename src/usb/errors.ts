/**
 * What kind of failure an operation met. Stable: scripts and exit codes depend on it.
 *
 * - `no-bus`: the machine shows no USB bus at all
 * - `no-device`: the device is gone, or was never there
 * - `not-found`: no such interface, alternate setting or endpoint
 * - `ambiguous`: the request fits more than one thing
 * - `access`: the system does not let this user open the device
 * - `busy`: a kernel driver or another process holds the interface
 * - `no-memory`: the kernel has no memory left for transfers
 * - `stall`: the device refused the request
 * - `timed-out`: the device did not answer in time
 * - `io`: an input/output error on the bus
 * - `not-supported`: this system cannot do that
 * - `invalid`: an argument or a state that the contract rules out
 * - `unavailable`: the backend itself cannot be loaded
 * - `other`: anything that has no name of its own
 */
export type UsbErrorCode =
  | 'no-bus'
  | 'no-device'
  | 'not-found'
  | 'ambiguous'
  | 'access'
  | 'busy'
  | 'no-memory'
  | 'stall'
  | 'timed-out'
  | 'io'
  | 'not-supported'
  | 'invalid'
  | 'unavailable'
  | 'other';

/**
 * An operation (list, open, claim, submit, …) failed. How a *transfer* ended is never an error but
 * a `TransferStatus`.
 */
export class UsbError extends Error {
  override readonly name = 'UsbError';
  readonly code: UsbErrorCode;
  /** The kernel driver that holds what was to be claimed, and that could be detached. */
  readonly driver: string | undefined;
  /** What to do about it, where the message says only what is wrong. */
  readonly advice: string | undefined;

  constructor(code: UsbErrorCode, message: string, options?: UsbErrorOptions) {
    super(message, options);
    this.code = code;
    this.driver = options?.driver;
    this.advice = options?.advice;
  }
}

export interface UsbErrorOptions extends ErrorOptions {
  readonly driver?: string | undefined;
  readonly advice?: string | undefined;
}

/** What was thrown, as an Error: anything can be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Why a step failed; undefined when it did not. */
export function caught(step: Promise<void>): Promise<Error | undefined> {
  return step.then(() => undefined, toError);
}
