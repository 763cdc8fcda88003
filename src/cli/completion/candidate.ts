import { escapeUnsafe, sanitize } from '../terminal/sanitize.js';

/** One thing that the word under the cursor may become. */
export interface Candidate {
  /** The whole word, not quoted for any shell. May come from a device. */
  readonly text: string;
  /** A few words about it, which some shells show beside it. May come from a device. */
  readonly description?: string | undefined;
}

/** A file's name is wanted, which the shell itself completes best. */
export interface FileName {
  /** What of the word stands before the name: `--output=`, `@`. */
  readonly prefix: string;
}

export type Completions = readonly Candidate[] | FileName;

/** Completions of a part of a word, as those of the word. */
export function behind(prefix: string, completions: Completions): Completions {
  return 'prefix' in completions
    ? { prefix: prefix + completions.prefix }
    : completions.map((candidate) => ({ ...candidate, text: prefix + candidate.text }));
}

/**
 * The answer to a completion script: a line for each candidate that the word begins, the text and,
 * behind a tab, the description; or one line without a text, which asks for file names behind the
 * prefix that follows the tab. A text that no terminal can show as it is, or that is more than one
 * line, is left out: it could not be typed either.
 */
export function answerLines(completions: Completions, word: string): string[] {
  if ('prefix' in completions) {
    return [`\t${completions.prefix}`];
  }
  return completions
    .filter(({ text }) => text !== '' && text.startsWith(word) && text === escapeUnsafe(text))
    .map(({ text, description }) => (description ? `${text}\t${sanitize(description)}` : text));
}
