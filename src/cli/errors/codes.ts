import { constants } from 'node:os';

/** The exit codes of usbxfer. 128 + n stands for signal n. */
export const EXIT = {
  done: 0,
  internal: 1,
  usage: 2,
  notFound: 3,
  cannotOpen: 4,
  deviceLost: 5,
  transferErrors: 6,
  ioFailed: 7,
  shortOfLimit: 8,
} as const;

/** One kind of failure. */
export interface ErrorEntry {
  /** The exit code; that of a signal depends on its number. */
  readonly exitCode: number | '128+n';
  /** One line for the manual. */
  readonly meaning: string;
  /** The usual remedy. A failure may carry better advice. */
  readonly advice?: string;
}

/** Every failure, by the stable code that scripts rely on, in the order of exit codes. */
export const ERRORS = {
  internal: {
    exitCode: EXIT.internal,
    meaning: 'an internal error of usbxfer',
    advice: 'please report it with the output of --debug',
  },
  usage: {
    exitCode: EXIT.usage,
    meaning: 'the command line is invalid, and no more specific code applies',
    advice: 'see the help of the command',
  },
  'unknown-command': {
    exitCode: EXIT.usage,
    meaning: 'there is no such command',
    advice: 'see usbxfer --help',
  },
  'unknown-option': {
    exitCode: EXIT.usage,
    meaning: 'the command has no such option',
    advice: 'see the help of the command',
  },
  'missing-argument': {
    exitCode: EXIT.usage,
    meaning: 'a required argument of an option or a command is missing',
  },
  'invalid-value': {
    exitCode: EXIT.usage,
    meaning: 'an argument is malformed or out of range',
  },
  'conflicting-options': {
    exitCode: EXIT.usage,
    meaning: 'options cannot be combined, or do not fit the output',
  },
  'stdout-is-terminal': {
    exitCode: EXIT.usage,
    meaning: 'the data would be written to a terminal',
    advice: 'redirect stdout, give -o FILE, or show the data with --hex',
  },
  'no-bus': {
    exitCode: EXIT.notFound,
    meaning: 'the system has no USB bus',
    advice: 'pass USB through to the container or virtual machine',
  },
  'no-such-device': {
    exitCode: EXIT.notFound,
    meaning: 'no device matches, or it was unplugged before it was opened',
    advice: 'see the connected devices with usbxfer list, or wait for one with --wait',
  },
  'ambiguous-device': {
    exitCode: EXIT.notFound,
    meaning: 'more than one device matches',
    advice: 'select one with --path, --serial, or --bus and --address',
  },
  'no-such-endpoint': {
    exitCode: EXIT.notFound,
    meaning: 'the device has no such configuration, interface, alternate setting or endpoint',
  },
  'ambiguous-endpoint': {
    exitCode: EXIT.notFound,
    meaning: 'more than one endpoint matches',
    advice: 'select one with --ep, --interface or --alt',
  },
  access: {
    exitCode: EXIT.cannotOpen,
    meaning: 'the system does not allow this user to open the device',
    advice: 'find the cause with usbxfer doctor',
  },
  busy: {
    exitCode: EXIT.cannotOpen,
    meaning: 'a kernel driver or another process has claimed the interface',
    advice: 'detach a kernel driver with --detach, or end the other process',
  },
  'no-server': {
    exitCode: EXIT.cannotOpen,
    meaning: 'the server of --host cannot be reached, or does not speak the protocol of USB/IP',
    advice: 'start a server there, or make a way to it with ssh -L',
  },
  'cannot-listen': {
    exitCode: EXIT.cannotOpen,
    meaning: 'the server cannot accept connections at the address of --listen',
    advice: 'end the program that uses the port, or choose another one with --listen',
  },
  'no-memory': {
    exitCode: EXIT.cannotOpen,
    meaning: 'not enough kernel memory for this many transfers',
    advice: 'reduce --transfers or --transfer-size, or raise usbfs_memory_mb',
  },
  'request-refused': {
    exitCode: EXIT.cannotOpen,
    meaning: 'the device refused a request needed to open or claim it',
  },
  'no-answer': {
    exitCode: EXIT.cannotOpen,
    meaning: 'the device did not respond in time while it was opened or claimed',
    advice: 'plug the device in again',
  },
  io: {
    exitCode: EXIT.cannotOpen,
    meaning: 'an input/output error on the bus before any transfer',
    advice: 'check the cable, the hub and the power supply',
  },
  'not-supported': {
    exitCode: EXIT.cannotOpen,
    meaning: 'this system does not support the operation',
    advice: 'on Windows, install the WinUSB driver for the device, for example with Zadig',
  },
  'libusb-unavailable': {
    exitCode: EXIT.cannotOpen,
    meaning: 'the libusb library cannot be loaded or started',
    advice: 'find the cause with usbxfer doctor',
  },
  usb: {
    exitCode: EXIT.cannotOpen,
    meaning: 'an operation on the device failed, and no more specific code applies',
  },
  'submit-failed': {
    exitCode: EXIT.cannotOpen,
    meaning: 'the system did not accept a transfer',
    advice:
      'plug the device in again; if the memory is short, reduce --transfers or --transfer-size',
  },
  'not-restored': {
    exitCode: EXIT.cannotOpen,
    meaning: 'everything succeeded, but the device could not be restored to its former state',
    advice: 'plug the device in again',
  },
  'problems-found': {
    exitCode: EXIT.cannotOpen,
    meaning: 'a check of usbxfer doctor found a problem',
    advice: 'apply the fix below each problem',
  },
  'device-lost': {
    exitCode: EXIT.deviceLost,
    meaning:
      'the device was unplugged, deauthorized or deconfigured during use, or did not come back from a ' +
      'reset',
    advice: 'wait for the device and continue with read --reconnect',
  },
  stall: {
    exitCode: EXIT.transferErrors,
    meaning: 'the endpoint halted',
    advice: 'clear the halt and continue with read --keep-going',
  },
  'transfer-error': {
    exitCode: EXIT.transferErrors,
    meaning: 'a transfer ended with a protocol error',
    advice: 'check the cable, the hub and the power supply, or continue with read --keep-going',
  },
  'device-reset': {
    exitCode: EXIT.transferErrors,
    meaning: 'another process reset the device during use, or bound a driver to the interface',
    advice: 'end the other process, or continue with read --keep-going',
  },
  overflow: {
    exitCode: EXIT.transferErrors,
    meaning: 'the device sent more data than requested',
  },
  'request-stalled': {
    exitCode: EXIT.transferErrors,
    meaning: 'the device does not support the control request, or not in its current state',
  },
  'request-timed-out': {
    exitCode: EXIT.transferErrors,
    meaning: 'the device did not respond to the control request in time',
    advice: 'wait longer with --timeout',
  },
  'request-failed': {
    exitCode: EXIT.transferErrors,
    meaning: 'a --before or --after request failed, or a control request failed with a bus error',
  },
  gaps: {
    exitCode: EXIT.transferErrors,
    meaning: 'the capture continued after failures: the output has gaps',
  },
  'wrong-data': {
    exitCode: EXIT.transferErrors,
    meaning: 'the data differs from --verify',
    advice: 'check the cable, the hub and the power supply',
  },
  'stdout-closed': {
    exitCode: EXIT.ioFailed,
    meaning: 'standard output was closed at the start',
    advice: 'redirect stdout or give -o FILE',
  },
  'output-exists': {
    exitCode: EXIT.ioFailed,
    meaning: 'the output holds data that would be overwritten',
    advice: 'choose another name, append with --append, or overwrite with --force',
  },
  'output-unsuitable': {
    exitCode: EXIT.ioFailed,
    meaning: 'the output is a directory, a socket or a dangling link',
    advice: 'name a file, a FIFO or a device',
  },
  'cannot-reserve': {
    exitCode: EXIT.ioFailed,
    meaning: 'the space for the output cannot be reserved',
    advice: 'free some space, or omit --preallocate',
  },
  'cannot-open-output': {
    exitCode: EXIT.ioFailed,
    meaning: 'the output cannot be opened for writing',
  },
  'output-failed': {
    exitCode: EXIT.ioFailed,
    meaning: 'not all data could be written to the output',
  },
  'stats-failed': {
    exitCode: EXIT.ioFailed,
    meaning: 'everything succeeded, but some --stats records were lost',
  },
  'stdin-closed': {
    exitCode: EXIT.ioFailed,
    meaning: 'standard input was closed at the start',
    advice: 'redirect stdin or give -i FILE',
  },
  'input-failed': {
    exitCode: EXIT.ioFailed,
    meaning: 'the input, or another file on the command line, cannot be read',
  },
  idle: {
    exitCode: EXIT.shortOfLimit,
    meaning:
      'the device was idle before --bytes, --count, --until-short or --duration, or before all input ' +
      'was sent',
  },
  timeout: {
    exitCode: EXIT.shortOfLimit,
    meaning:
      'the time limit expired before --bytes, --count or --until-short, or before all input was sent',
  },
  'short-input': {
    exitCode: EXIT.shortOfLimit,
    meaning: 'the input ended before the requested number of bytes was sent',
  },
  interrupted: {
    exitCode: '128+n',
    meaning: 'signal n was received before the limit, before all input was sent, or during a wait',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** The stable code of a failure. */
export type ErrorCode = keyof typeof ERRORS;

/**
 * The exit code of a failure.
 *
 * @param signal the signal, for `interrupted`
 */
export function exitCodeOf(code: ErrorCode, signal?: NodeJS.Signals): number {
  const { exitCode } = ERRORS[code];
  if (exitCode !== '128+n') {
    return exitCode;
  }
  return signal === undefined ? EXIT.internal : 128 + constants.signals[signal];
}

/** The usual remedy of a failure. */
export function usualAdvice(code: ErrorCode): string | undefined {
  const entry: ErrorEntry = ERRORS[code];
  return entry.advice;
}
