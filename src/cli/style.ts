import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from 'chalk';

/**
 * Colour for each stream by what that stream is; NO_COLOR (no-color.org) turns both off, whatever
 * its value, unless it is empty.
 */
function styleFor(support: typeof supportsColor): ChalkInstance {
  const level = process.env['NO_COLOR'] || support === false ? 0 : support.level;
  return new Chalk({ level });
}

export const outStyle = styleFor(supportsColor);
export const errStyle = styleFor(supportsColorStderr);
