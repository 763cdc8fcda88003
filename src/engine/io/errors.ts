/**
 * What would make a file usable. `overwrite` and `append` are options of `FileSink`; the caller knows
 * whether they can be set.
 */
export type FileRemedy =
  | 'append'
  | 'choose-another-name'
  | 'create-link-target'
  | 'name-file-in-directory'
  | 'name-file-or-device'
  | 'name-regular-file'
  | 'overwrite'
  | 'reserve-nothing';

/**
 * - `input-unsuitable`: it cannot be read
 * - `input-too-short`: it has fewer bytes than are skipped
 */
export type InputErrorCode = 'input-unsuitable' | 'input-too-short';

/** The input cannot be used as requested. The message completes "cannot read NAME: ". */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code: InputErrorCode;
  readonly remedies: readonly FileRemedy[];

  constructor(code: InputErrorCode, message: string, remedies: readonly FileRemedy[] = []) {
    super(message);
    this.code = code;
    this.remedies = remedies;
  }
}

/**
 * - `cannot-reserve`: its space could not be reserved
 * - `output-exists`: it holds data that would be overwritten
 * - `output-unsuitable`: it cannot be written
 */
export type OutputErrorCode = 'cannot-reserve' | 'output-exists' | 'output-unsuitable';

/** The output cannot be opened as requested. The message completes "cannot write NAME: ". */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code: OutputErrorCode;
  readonly remedies: readonly FileRemedy[];

  constructor(
    code: OutputErrorCode,
    message: string,
    remedies: readonly FileRemedy[],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.remedies = remedies;
  }
}
