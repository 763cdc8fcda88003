import { UsbError } from '../../usb/errors.js';
import { hex2 } from '../../usb/format.js';
import { adviceOf } from '../errors/advice.js';
import { codeOfError } from '../errors/classify.js';
import { CliError } from '../errors/cli-error.js';
import { usualAdvice } from '../errors/codes.js';
import type { Mistake } from './pattern.js';

/** What a run moves: single messages, one after the other, or data without a pause. */
type Part = 'messages' | 'data';

/** The failure of a run whose data is not what was expected. */
export class WrongData extends CliError {
  readonly mistake: Mistake;
  /** What the offset of the mistake counts. */
  readonly part: Part;

  constructor(mistake: Mistake, part: Part = 'data', advice?: string) {
    const { offset, expected, actual } = mistake;
    const where = part === 'messages' ? ' of the single messages' : '';
    const values = `received 0x${hex2(actual)} instead of 0x${hex2(expected)}`;
    super('wrong-data', `wrong data at offset ${offset}${where}: ${values}`, { advice });
    this.mistake = mistake;
    this.part = part;
  }
}

/**
 * Returns the failure of a run with the number of the run. Bugs stay as they are, and so does a device that
 * cannot be opened at all.
 *
 * @param isFirst whether no run was measured before
 */
export function inRun(error: unknown, run: string, isFirst: boolean): unknown {
  const isOfRun = error instanceof CliError || (error instanceof UsbError && !isFirst);
  const code = codeOfError(error);
  if (!isOfRun) {
    return error;
  }
  if (error instanceof CliError && error.signal !== undefined) {
    const { signal, cause } = error;
    return new CliError('interrupted', `${signal} in ${run}`, { signal, cause });
  }
  const advice = error instanceof CliError ? error.advice : (adviceOf(error) ?? usualAdvice(code));
  return new CliError(code, `${run}: ${error.message}`, { advice, cause: error });
}
