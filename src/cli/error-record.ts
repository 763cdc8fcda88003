import type { ErrorCode } from './errors.js';

/** A failure, as `schema/error.schema.json` says. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly exit_code: number;
  readonly advice?: string | undefined;
  readonly native?: unknown;
  readonly debug?: unknown;
}

/** What a command says with --json when it has no result to tell. */
export function errorRecord(record: ErrorRecord): Record<string, unknown> {
  return { schema: 'usbxfer.error/1', ...record };
}
