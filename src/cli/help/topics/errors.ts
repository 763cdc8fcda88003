import { ERRORS, type ErrorEntry } from '../../errors/codes.js';
import type { Part, Term } from '../layout.js';
import { sentence } from '../layout.js';

/** `usbxfer help errors`: by exit code. */
export const PARTS: readonly Part[] = [...new Set(ERRORS.map(({ exitCode }) => exitCode))].flatMap(
  (code) => [
    { heading: `Exit code ${code}` },
    { terms: ERRORS.filter(({ exitCode }) => exitCode === code).map(toTerm) },
  ],
);

function toTerm({ code, meaning, advice }: ErrorEntry): Term {
  return [code, sentence(meaning) + (advice === undefined ? '' : ` ${sentence(advice)}`)];
}
