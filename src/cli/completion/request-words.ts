import type { Option } from 'commander';
import { RECIPIENTS, REQUEST_TYPES } from '../../usb/request-type.js';

/**
 * What the next word of a control request may be, behind these; none for numbers.
 *
 * @param options those on the line, of which two are words too
 */
export function nextWords(words: readonly string[], options: readonly Option[]): readonly string[] {
  const isOption = options.some(({ long }) => long === '--in' || long === '--out');
  if (/^\d/.test(words[0] ?? '')) {
    return [];
  }
  return [['in', 'out'], REQUEST_TYPES, RECIPIENTS][words.length + (isOption ? 1 : 0)] ?? [];
}
