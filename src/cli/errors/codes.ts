import { constants } from 'node:os';

/**
 * Every code that usbxfer exits with; 128 + n stands for signal n before a limit was reached. Which
 * failure exits with which stands in `errors.ts`.
 */
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

/*
 * Every failure that usbxfer can tell. Loaded only when something failed, or when somebody asks for
 * the list: modules that merely name a code import its type.
 */

/** One kind of failure. */
export interface ErrorEntry {
  /** What scripts know it by. Stable: none changes its meaning or goes. */
  readonly code: string;
  /** What usbxfer exits with; a signal's exit code has its number in it. */
  readonly exitCode: number | '128+n';
  /** One line, for the manual. */
  readonly meaning: string;
  /** What helps as a rule; a failure itself may know better. */
  readonly advice?: string;
}

/** All of them, by exit code. */
export const ERRORS = [
  {
    code: 'internal',
    exitCode: EXIT.internal,
    meaning: 'a fault in usbxfer itself',
    advice: 'report it, with what --debug adds',
  },
  {
    code: 'usage',
    exitCode: EXIT.usage,
    meaning: 'the command line is wrong in a way that has no code of its own',
    advice: 'see the help of the command',
  },
  {
    code: 'unknown-command',
    exitCode: EXIT.usage,
    meaning: 'there is no such command',
    advice: 'see usbxfer --help',
  },
  {
    code: 'unknown-option',
    exitCode: EXIT.usage,
    meaning: 'the command has no such option',
    advice: 'see the help of the command',
  },
  {
    code: 'missing-argument',
    exitCode: EXIT.usage,
    meaning: 'an option or a command lacks its argument',
  },
  {
    code: 'invalid-value',
    exitCode: EXIT.usage,
    meaning: 'the argument of an option is malformed or out of range',
  },
  {
    code: 'conflicting-options',
    exitCode: EXIT.usage,
    meaning: 'options do not go together, or not with the output',
  },
  {
    code: 'stdout-is-terminal',
    exitCode: EXIT.usage,
    meaning: 'the data would go to a terminal',
    advice: 'redirect stdout, or give -o FILE',
  },
  {
    code: 'no-bus',
    exitCode: EXIT.notFound,
    meaning: 'the machine shows no USB bus at all',
    advice: 'pass USB through to the container or virtual machine',
  },
  {
    code: 'no-such-device',
    exitCode: EXIT.notFound,
    meaning: 'no device fits, or it went away before it was opened',
    advice: 'see what usbxfer list shows; --wait waits for it',
  },
  {
    code: 'ambiguous-device',
    exitCode: EXIT.notFound,
    meaning: 'several devices fit',
    advice: 'choose with --path, --serial or --bus and --address',
  },
  {
    code: 'no-such-endpoint',
    exitCode: EXIT.notFound,
    meaning: 'the device has no such interface, alternate setting or endpoint',
  },
  {
    code: 'ambiguous-endpoint',
    exitCode: EXIT.notFound,
    meaning: 'several endpoints fit',
    advice: 'choose with --ep, --interface or --alt',
  },
  {
    code: 'access',
    exitCode: EXIT.cannotOpen,
    meaning: 'the system does not let this user open the device',
    advice: 'install the udev rule that the message names',
  },
  {
    code: 'busy',
    exitCode: EXIT.cannotOpen,
    meaning: 'a kernel driver or another process holds the interface',
    advice: '--detach takes it from a kernel driver; end the other process',
  },
  {
    code: 'no-memory',
    exitCode: EXIT.cannotOpen,
    meaning: 'the kernel has not the memory for so much in flight',
    advice: 'ask for less at once with --transfers or --transfer-size, or raise usbfs_memory_mb',
  },
  {
    code: 'request-refused',
    exitCode: EXIT.cannotOpen,
    meaning: 'the device refused what it takes to open or claim it',
  },
  {
    code: 'no-answer',
    exitCode: EXIT.cannotOpen,
    meaning: 'the device did not answer in time when it was opened or claimed',
    advice: 'plug it in again',
  },
  {
    code: 'io',
    exitCode: EXIT.cannotOpen,
    meaning: 'an input/output error on the bus, before any transfer',
    advice: 'check cable, hub and power',
  },
  {
    code: 'not-supported',
    exitCode: EXIT.cannotOpen,
    meaning: 'this system cannot do what was asked for',
  },
  {
    code: 'libusb-unavailable',
    exitCode: EXIT.cannotOpen,
    meaning: 'libusb cannot be loaded or started',
    advice: 'install what the message names',
  },
  {
    code: 'usb',
    exitCode: EXIT.cannotOpen,
    meaning: 'an operation on the device failed in a way that has no code of its own',
  },
  {
    code: 'submit-failed',
    exitCode: EXIT.cannotOpen,
    meaning: 'the system did not take a transfer',
    advice: 'ask for less at once with --transfers or --transfer-size',
  },
  {
    code: 'not-restored',
    exitCode: EXIT.cannotOpen,
    meaning: 'all went well, but the device could not be given back as it was',
    advice: 'plug it in again',
  },
  {
    code: 'problems-found',
    exitCode: EXIT.cannotOpen,
    meaning: 'usbxfer doctor found what keeps a device from being used',
    advice: 'do what it says beside each problem',
  },
  {
    code: 'device-lost',
    exitCode: EXIT.deviceLost,
    meaning: 'the device vanished while it was used, or did not come back from a reset',
    advice: 'of a capture, --reconnect waits for it and goes on',
  },
  {
    code: 'stall',
    exitCode: EXIT.transferErrors,
    meaning: 'the endpoint halted',
    advice: 'read --keep-going clears the halt and goes on',
  },
  {
    code: 'transfer-error',
    exitCode: EXIT.transferErrors,
    meaning: 'a transfer ended with a protocol error',
    advice: 'check cable, hub and power; read --keep-going goes on behind it',
  },
  {
    code: 'overflow',
    exitCode: EXIT.transferErrors,
    meaning: 'the device sent more than was asked for',
  },
  {
    code: 'request-stalled',
    exitCode: EXIT.transferErrors,
    meaning: 'the device does not support the control request, or not now',
  },
  {
    code: 'request-timed-out',
    exitCode: EXIT.transferErrors,
    meaning: 'the device did not answer the control request in time',
    advice: 'give it more time with --timeout',
  },
  {
    code: 'request-failed',
    exitCode: EXIT.transferErrors,
    meaning: 'a control request failed: one of --before or --after, or with an error on the bus',
  },
  {
    code: 'gaps',
    exitCode: EXIT.transferErrors,
    meaning: 'the capture went on behind failures: the output has gaps',
  },
  {
    code: 'stdout-closed',
    exitCode: EXIT.ioFailed,
    meaning: 'stdout was closed from the start',
    advice: 'redirect it, or give -o FILE',
  },
  {
    code: 'output-exists',
    exitCode: EXIT.ioFailed,
    meaning: 'the output holds data that would be overwritten',
    advice: 'choose another name, --append or --force',
  },
  {
    code: 'output-unsuitable',
    exitCode: EXIT.ioFailed,
    meaning: 'the output is a directory, a socket or a link to nowhere',
    advice: 'name a file, a FIFO or a device',
  },
  {
    code: 'cannot-open-output',
    exitCode: EXIT.ioFailed,
    meaning: 'the system does not open the output for writing',
  },
  {
    code: 'output-failed',
    exitCode: EXIT.ioFailed,
    meaning: 'the output did not take all of the data',
  },
  {
    code: 'stats-failed',
    exitCode: EXIT.ioFailed,
    meaning: 'all went well, but --stats has not got all of its records',
  },
  {
    code: 'stdin-closed',
    exitCode: EXIT.ioFailed,
    meaning: 'stdin was closed from the start',
    advice: 'redirect it, or give -i FILE',
  },
  {
    code: 'input-failed',
    exitCode: EXIT.ioFailed,
    meaning: 'the input, or another file that the command line names, cannot be read',
  },
  {
    code: 'idle',
    exitCode: EXIT.shortOfLimit,
    meaning: 'the device fell silent before the limit, or took no more before all was sent',
  },
  {
    code: 'timeout',
    exitCode: EXIT.shortOfLimit,
    meaning: 'the time was over before another limit was reached, or before all was sent',
  },
  {
    code: 'short-input',
    exitCode: EXIT.shortOfLimit,
    meaning: 'the input ended before so much was sent as was asked for',
  },
  {
    code: 'interrupted',
    exitCode: '128+n',
    meaning:
      'signal n came before the limit, before all was sent, or while something was waited for',
  },
] as const satisfies readonly ErrorEntry[];

/** What a failure is known by. */
export type ErrorCode = (typeof ERRORS)[number]['code'];

const EXIT_CODES: ReadonlyMap<string, ErrorEntry['exitCode']> = new Map(
  ERRORS.map(({ code, exitCode }) => [code, exitCode]),
);

/**
 * What to exit with.
 *
 * @param signal what interrupted; of no interest to other failures
 */
export function exitCodeOf(code: ErrorCode, signal?: NodeJS.Signals): number {
  const exitCode = EXIT_CODES.get(code);
  if (typeof exitCode === 'number') {
    return exitCode;
  }
  return signal === undefined ? EXIT.internal : 128 + constants.signals[signal];
}
