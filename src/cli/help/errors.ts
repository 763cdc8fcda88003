import { ERRORS, type ErrorEntry } from '../errors.js';
import type { Part, Term } from './part.js';
import { sentence } from './text.js';

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
