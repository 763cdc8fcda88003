import { describe, expect, it } from 'vitest';
import { literal, paragraph, topic } from '../../../man/generator/roff.js';

describe('roff', () => {
  it('escapes text that users type', () => {
    expect(literal('usbxfer read --scenario \'a\' "b" \\ `c`')).toBe(
      'usbxfer read \\-\\-scenario \\(aqa\\(aq \\(dqb\\(dq \\e \\(gac\\(ga',
    );
  });

  it('starts a line with each sentence, prints options in bold, and lets no line look like a macro', () => {
    expect(paragraph('Of --wait, as well-known. \\n is no new line. As i.e. this.')).toEqual([
      'Of \\fB\\-\\-wait\\fR, as well-known. \\en is no new line.',
      'As i.e. this.',
    ]);
    expect(paragraph(`${'x'.repeat(79)} .SH 'ft`)).toEqual(['x'.repeat(79), "\\&.SH 'ft"]);
  });

  it('formats headings, paragraphs and terms of a topic', () => {
    expect(
      topic([
        'First.',
        'Second.',
        { heading: 'Part' },
        'Third.',
        { terms: [['k=V', 'Fourth. Fifth.']] },
        'Sixth.',
      ]),
    ).toEqual([
      'First.',
      '.PP',
      'Second.',
      '.SS Part',
      'Third.',
      '.TP',
      '.B k=V',
      'Fourth.',
      'Fifth.',
      '.PP',
      'Sixth.',
    ]);
  });
});
