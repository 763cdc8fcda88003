/** The maximum length of a device string that is shown; USB strings hold 126 characters. */
const LONGEST = 128;

/** The maximum length of a name that consists of two strings. */
export const LONGEST_NAME = 2 * LONGEST;

/**
 * Characters that a terminal may act on: control characters (C0, DEL, C1), format characters, which
 * reorder, hide or tag text, line and paragraph separators, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes the characters that a terminal may act on, as `\x1b` or `\u{202e}`. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Escapes an untrusted string, such as a device string or a file name, and limits its length. */
export function sanitize(text: string, longest = LONGEST): string {
  return escapeUnsafe(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

/** The maximum length of the result of `fileNamePart`, in bytes. */
export const LONGEST_NAME_PART = 64;

/**
 * Turns a device string into a part of a file name. Keeps ASCII letters, digits, `.`, `_` and `-`, and
 * replaces anything else with `_`; also a dot or dash at the beginning, a dot at the end, and all but
 * the last of several dots. The result names no directory, hides no file, and needs no quotes. An
 * empty string becomes `unknown`.
 */
export function fileNamePart(text: string): string {
  const part = text
    .slice(0, LONGEST_NAME_PART)
    .replace(/[^0-9A-Za-z._-]/gu, '_')
    .replace(/^[.-]|\.(?=\.)|\.$/g, '_');
  return part === '' ? 'unknown' : part;
}

/** Formats a value as JSON that is safe on a terminal and parses back to the same value. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(UNSAFE, (character) =>
    character === '\n' ? character : escapeUnits(character),
  );
}

/** Formats a value like `toJson`, in one line. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escapeUnits);
}

/** Escapes a character as in JSON: one `\uXXXX` for each UTF-16 unit. */
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}
