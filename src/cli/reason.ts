import type { End } from '../transfer/end.js';
import { UsbError } from '../usb/errors.js';
import { CliError } from './cli-error.js';
import { escapeUnsafe } from './sanitize.js';

/** The failure behind an end, and what to do about it, in one line. */
export function reasonOf({ cause }: End): string {
  const known = cause instanceof UsbError || cause instanceof CliError;
  const advice = known && cause.advice ? `; ${cause.advice}` : '';
  return escapeUnsafe(`${cause?.message ?? 'no reason given'}${advice}`);
}
