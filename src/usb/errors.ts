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

/** Where USB has to be passed through to be seen: from a host, or from Windows. */
export type PassThroughTarget = 'container' | 'wsl' | 'machine';

/**
 * What would fix a failure, as data: the program that shows it has the words, and knows its own
 * commands and options. Names may come from a device: untrusted.
 *
 * - `add-udev-rule`: let users open the device by a udev rule
 * - `any-of`: several that each would do
 * - `choose-endpoint`, `choose-endpoint-pair`: say more of the endpoint, or the two, that is meant
 * - `debug-libusb`: let libusb print why it does not start
 * - `detach-driver`: detach the kernel driver that holds the interface
 * - `end-process`: end the process that holds the device; with no `pids` it is not known which
 * - `install-libudev`: install the library that libusb needs
 * - `join-group`: add the user to the group that may open the device
 * - `keep-awake`: write `on` to the file, which turns autosuspend off
 * - `pass-usb-through`: to where this process runs; no `to` where that is not known
 * - `raise-scenario-memory`: give the simulated bus this much memory
 * - `raise-usbfs-memory`: write the number of MiB to the file, which is the kernel's limit
 * - `rebind-driver`: write the interface's name in sysfs to the `bind` file of the driver
 * - `reinstall`: install this program again
 * - `replug`: plug the device in again
 * - `run-again`: run this program again
 * - `run-udev-daemon`: start it; in a container, share the host's
 * - `unmount`: unmount the file system
 * - `use-fewer-transfers`: keep this many in flight
 * - `use-faster-link`: use a port and a cable for the speed of the device
 */
export type Remedy =
  | { readonly kind: 'add-udev-rule'; readonly vid: number; readonly pid: number }
  | { readonly kind: 'any-of'; readonly remedies: readonly Remedy[] }
  | { readonly kind: 'choose-endpoint' }
  | { readonly kind: 'choose-endpoint-pair' }
  | { readonly kind: 'debug-libusb' }
  | { readonly kind: 'detach-driver'; readonly driver: string }
  | { readonly kind: 'end-process'; readonly pids: readonly number[] }
  | { readonly kind: 'install-libudev' }
  | { readonly kind: 'join-group'; readonly group: string; readonly user: string }
  | { readonly kind: 'keep-awake'; readonly file: string }
  | { readonly kind: 'pass-usb-through'; readonly to?: readonly PassThroughTarget[] }
  | { readonly kind: 'raise-scenario-memory'; readonly bytes: number }
  | { readonly kind: 'raise-usbfs-memory'; readonly file: string; readonly mebibytes: number }
  | { readonly kind: 'rebind-driver'; readonly driver: string; readonly interfaceName: string }
  | { readonly kind: 'reinstall' }
  | { readonly kind: 'replug' }
  | { readonly kind: 'run-again' }
  | { readonly kind: 'run-udev-daemon'; readonly inContainer: boolean }
  | { readonly kind: 'unmount'; readonly source: string }
  | { readonly kind: 'use-faster-link' }
  | { readonly kind: 'use-fewer-transfers'; readonly transfers: number };

/**
 * An operation (list, open, claim, submit, …) failed. How a *transfer* ended is never an error but
 * a `TransferStatus`.
 */
export class UsbError extends Error {
  override readonly name = 'UsbError';
  readonly code: UsbErrorCode;
  /** What would help; undefined where nothing is known that would. */
  readonly remedy: Remedy | undefined;

  constructor(code: UsbErrorCode, message: string, options?: UsbErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy;
  }
}

export interface UsbErrorOptions extends ErrorOptions {
  readonly remedy?: Remedy | undefined;
}

/** What was thrown, as an Error: anything can be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Why a step failed; undefined when it did not. */
export function caught(step: Promise<void>): Promise<Error | undefined> {
  return step.then(() => undefined, toError);
}
