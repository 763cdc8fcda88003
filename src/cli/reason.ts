import type { End } from '../transfer/end.js';
import { UsbError } from '../usb/errors.js';
import { CliError } from './cli-error.js';
import { escapeUnsafe } from './sanitize.js';
import { systemReason } from './system-reason.js';

/** The failure behind an end, and what to do about it, in one line. */
export function reasonOf({ cause }: End): string {
  const known = cause instanceof UsbError || cause instanceof CliError;
  const advice = known && cause.advice ? `; ${cause.advice}` : '';
  return escapeUnsafe(`${messageOf(cause)}${advice}`);
}

function messageOf(cause: Error | undefined): string {
  if (cause === undefined) {
    return 'no reason given';
  }
  return 'syscall' in cause ? systemReason(cause) : cause.message;
}
