/**
 * The kind of a failure. Stable: scripts and exit codes depend on it.
 *
 * - `no-bus`: the system has no USB bus
 * - `no-server`: a server of devices cannot be reached, or does not speak its protocol
 * - `no-device`: the device is gone or never existed
 * - `not-found`: no such interface, alternate setting or endpoint
 * - `ambiguous`: more than one thing matches the request
 * - `access`: the system does not allow this user to open the device
 * - `busy`: a kernel driver or another process holds the interface
 * - `no-memory`: the kernel has no memory left for transfers
 * - `stall`: the device refused the request
 * - `timed-out`: the device did not respond in time
 * - `io`: an input/output error on the bus
 * - `not-supported`: this system does not support the operation
 * - `invalid`: an argument, or an operation in a state, that the contract rules out
 * - `unavailable`: the backend itself cannot be loaded
 * - `other`: any other failure
 */
export type UsbErrorCode =
  | 'no-bus'
  | 'no-server'
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

/** A place that sees USB devices only when they are passed through to it. */
export type PassThroughTarget = 'container' | 'wsl' | 'machine';

/**
 * What would fix a failure, as data. The program that shows it supplies the wording, with its own
 * commands and options. Strings may come from a device or the system: untrusted.
 *
 * - `add-udev-rule`: let users open the device, by a udev rule; `isAtSeat`: whether this user is logged
 *   in at the machine, so that a rule without a group is enough
 * - `any-of`: any of several remedies
 * - `choose-endpoint`, `choose-endpoint-pair`: specify the endpoint, or the two endpoints, more
 *   precisely
 * - `configure`: authorize the device at a path and select one of its configurations
 * - `debug-libusb`: make libusb print why it does not start
 * - `detach-at-server`: let the server of the device detach kernel drivers
 * - `detach-driver`: detach the kernel driver that holds the interface
 * - `end-import`: end the use of the device by another client of its server
 * - `end-process`: end the process that holds the device; `pids` is empty if none is visible
 * - `export-device`: export the device at the server, where it has this path
 * - `install-libudev`: install a library that libusb needs
 * - `join-group`: add the user to the group that may open the device
 * - `keep-awake`: turn autosuspend off, by writing `on` to the file
 * - `omit-timeout`: do not let transfers time out
 * - `pass-usb-through`: pass USB through to where this process runs; `to` is undefined if that is
 *   unknown
 * - `raise-scenario-memory`: give the simulated bus this much memory
 * - `raise-usbfs-memory`: raise the kernel's limit, by writing the number of MiB to the file
 * - `rebind-driver`: write the name of the interface in sysfs to the `bind` file of the driver
 * - `reinstall`: install this program again
 * - `replug`: plug the device in again
 * - `run-again`: run this program again
 * - `run-udev-daemon`: start the udev daemon
 * - `select-configuration`: select this configuration of the device
 * - `start-server`: start a server at this address, or make a way to it
 * - `unmount`: unmount the file system
 * - `use-faster-link`: use a port and a cable for the speed of the device
 * - `use-fewer-transfers`: keep this many transfers in flight
 * - `use-shorter-transfers`: use transfers of at most this many bytes
 */
export type Remedy =
  | {
      readonly kind: 'add-udev-rule';
      readonly vid: number;
      readonly pid: number;
      readonly isAtSeat: boolean;
    }
  | { readonly kind: 'any-of'; readonly remedies: readonly Remedy[] }
  | { readonly kind: 'choose-endpoint' }
  | { readonly kind: 'choose-endpoint-pair' }
  | { readonly kind: 'configure'; readonly path: string; readonly configuration: number }
  | { readonly kind: 'debug-libusb' }
  | { readonly kind: 'detach-at-server' }
  | { readonly kind: 'detach-driver'; readonly driver: string }
  | { readonly kind: 'end-import' }
  | { readonly kind: 'end-process'; readonly pids: readonly number[] }
  | { readonly kind: 'export-device'; readonly path: string }
  | { readonly kind: 'install-libudev' }
  | { readonly kind: 'join-group'; readonly group: string; readonly user: string }
  | { readonly kind: 'keep-awake'; readonly file: string }
  | { readonly kind: 'omit-timeout' }
  | { readonly kind: 'pass-usb-through'; readonly to?: readonly PassThroughTarget[] }
  | { readonly kind: 'raise-scenario-memory'; readonly bytes: number }
  | { readonly kind: 'raise-usbfs-memory'; readonly file: string; readonly mebibytes: number }
  | { readonly kind: 'rebind-driver'; readonly driver: string; readonly interfaceName: string }
  | { readonly kind: 'reinstall' }
  | { readonly kind: 'replug' }
  | { readonly kind: 'run-again' }
  | { readonly kind: 'run-udev-daemon' }
  | { readonly kind: 'select-configuration'; readonly value: number }
  | { readonly kind: 'start-server'; readonly host: string; readonly port: number }
  | { readonly kind: 'unmount'; readonly source: string }
  | { readonly kind: 'use-faster-link' }
  | { readonly kind: 'use-fewer-transfers'; readonly transfers: number }
  | { readonly kind: 'use-shorter-transfers'; readonly bytes: number };

/** A failed operation, such as open or submit. How a *transfer* ended is a `TransferStatus`. */
export class UsbError extends Error {
  /** `UsbError`. */
  override readonly name = 'UsbError';
  /** The kind of the failure. */
  readonly code: UsbErrorCode;
  /** What would fix it; undefined if that is unknown. */
  readonly remedy: Remedy | undefined;

  constructor(code: UsbErrorCode, message: string, options?: UsbErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy;
  }
}

/** What caused an error, and what would fix it. */
export interface UsbErrorOptions extends ErrorOptions {
  /** What would fix it. */
  readonly remedy?: Remedy | undefined;
}

/** Converts a thrown value to an Error: anything can be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Resolves with the error of a step that failed; undefined if it succeeded. */
export function caught(step: Promise<void>): Promise<Error | undefined> {
  return step.then(() => undefined, toError);
}
