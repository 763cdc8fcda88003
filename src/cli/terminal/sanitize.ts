/** The most characters of one device string that a person is shown; USB strings hold 126. */
const LONGEST = 128;

/** The same, of a name that is made of two of them. */
export const LONGEST_NAME = 2 * LONGEST;

/**
 * What a terminal could act on rather than show: control characters (C0, DEL, C1), format
 * characters, which reorder, hide or tag text, line and paragraph separators, lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Makes text safe to show: what a terminal could act on is escaped, as `\x1b` or `\u{202e}`. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Makes one string from outside (a device's, a file's name) safe to show, and bounds its length. */
export function sanitize(text: string, longest = LONGEST): string {
  return escapeUnsafe(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

/** The most bytes of `fileNamePart`. */
export const LONGEST_NAME_PART = 64;

/**
 * Makes one string from a device fit to be a part of a file's name: ASCII letters, digits, `.`, `_`
 * and `-` stay, anything else becomes `_`, and so do a dot or dash at the beginning, a dot at the end
 * and all but the last of several dots. It names no folder, hides no file, and no shell or program
 * takes it for anything else. Of an empty one `unknown` is made.
 */
export function fileNamePart(text: string): string {
  const part = text
    .slice(0, LONGEST_NAME_PART)
    .replace(/[^0-9A-Za-z._-]/gu, '_')
    .replace(/^[.-]|\.(?=\.)|\.$/g, '_');
  return part === '' ? 'unknown' : part;
}

/** JSON that reads back to the same value and that no terminal acts on. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(UNSAFE, (character) =>
    character === '\n' ? character : escapeUnits(character),
  );
}

/** The same, in one line. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escapeUnits);
}

/** In JSON's form, one `\uXXXX` for each UTF-16 unit. */
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}
