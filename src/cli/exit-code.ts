import { constants } from 'node:os';
import type { End } from '../transfer/end.js';
import { UsbError, type UsbErrorCode } from '../usb/errors.js';

/** Every code that usbxfer exits with; 128 + n stands for signal n before a limit was reached. */
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

/** A failure to tell the user in one line, with the code to exit with. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const NOT_FOUND: ReadonlySet<UsbErrorCode> = new Set([
  'no-bus',
  'no-device',
  'not-found',
  'ambiguous',
]);

/** The code for a failure before anything was transferred. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof CliError) {
    return error.exitCode;
  }
  if (error instanceof UsbError && error.code !== 'invalid') {
    return NOT_FOUND.has(error.code) ? EXIT.notFound : EXIT.cannotOpen;
  }
  return EXIT.internal;
}

/** The code that a shell shows of a process that a signal ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** What the exit code of a capture depends on. */
export interface Ending {
  readonly end: End;
  /** Whether a limit was asked for. */
  readonly limited: boolean;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  /** Gaps in the output. */
  readonly gaps: number;
  /** Why the device could not be given back as it was, if so. */
  readonly unrestored?: Error | undefined;
}

/**
 * The code for the end of a capture. A gap is told before anything that is no failure; a device that
 * could not be given back is told when nothing else is.
 */
export function exitCodeOfEnd(ending: Ending): number {
  const code = exitCodeOfData(ending);
  return code === EXIT.done && ending.unrestored !== undefined ? EXIT.cannotOpen : code;
}

function exitCodeOfData({ end, limited, signal, gaps }: Ending): number {
  const clean = gaps > 0 ? EXIT.transferErrors : EXIT.done;
  switch (end.reason) {
    case 'limit':
    case 'duration':
    case 'reader-closed':
      return clean;
    case 'idle':
      return limited && gaps === 0 ? EXIT.shortOfLimit : clean;
    case 'interrupted':
      return limited && signal !== undefined ? exitCodeOfSignal(signal) : clean;
    case 'stall':
    case 'error':
    case 'overflow':
      return EXIT.transferErrors;
    case 'device-lost':
      return EXIT.deviceLost;
    case 'submit-failed':
      return EXIT.cannotOpen;
    case 'output-failed':
      return EXIT.ioFailed;
    case 'internal':
      return EXIT.internal;
  }
}
