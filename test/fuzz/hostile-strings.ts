import fc from 'fast-check';

/** The text that a hostile string would print at the start of a line, if it could. */
export const FORGED = '!forged';

const PIECES = [
  `\n${FORGED}`,
  `\r${FORGED}`,
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u009b2J',
  '\0',
  '\t',
  '\u007f',
  '\u0085',
  '\u202e',
  '\u200d',
  '\u2028',
  '\u2029',
  '\ud800',
  '\udc00',
  'e\u0301',
  '閃',
  '💾',
  '$(id)',
  '"',
  "'",
  '\\',
  '%s',
  ',',
  '--',
  ' ',
  'A1',
];

/** Generates texts that terminals, shells and JSON may act on; some have lone surrogates. */
export const hostileString: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((all) => all.join('')),
  },
  { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...PIECES), fc.nat(300))
      .map(([piece, times]) => piece.repeat(times)),
  },
);

/** Generates the content of a file in sysfs: a text, or bytes that are no valid UTF-8. */
export const hostileAttribute: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: hostileString },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);
