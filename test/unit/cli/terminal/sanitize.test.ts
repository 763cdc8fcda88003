import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeUnsafe, sanitize, toJson } from '../../../../src/cli/terminal/sanitize.js';

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const anyText = fc.string({ unit: 'binary', maxLength: 300 });

it.each([
  ['plain Zürich 東京 🎛', 'plain Zürich 東京 🎛'],
  ['\u001b[31mred', '\\x1b[31mred'],
  ['\u009b31m', '\\x9b31m'],
  ['a\nb\rc\td', 'a\\x0ab\\x0dc\\x09d'],
  ['\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['\u2028', '\\u{2028}'],
  ['\ud800', '\\u{d800}'],
])('escapes %j', (text, shown) => {
  expect(sanitize(text)).toBe(shown);
});

it('limits the length of a device string', () => {
  expect(sanitize('x'.repeat(10_000))).toBe(`${'x'.repeat(128)}…`);
});

it('escapes every character that a terminal may act on', () => {
  fc.assert(fc.property(anyText, (text) => !UNSAFE.test(escapeUnsafe(text))));
});

it('writes JSON that is safe and parses back to the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (value) => {
      const json = toJson(value);
      expect(JSON.parse(json)).toEqual(value);
      expect(json.replaceAll('\n', '')).not.toMatch(UNSAFE);
    }),
  );
});
