import { describe, expect, it } from 'vitest';
import { expandIncludes, parseSections } from '../../../man/generator/include.js';

const SHARED = '.\\" for authors\n@section one\nFirst.\n.PP\nSecond.\n@section two\n@include one\n';

describe('shared sections', () => {
  it('begin after a line with their name', () => {
    expect([...parseSections(SHARED)]).toEqual([
      ['one', 'First.\n.PP\nSecond.'],
      ['two', '@include one'],
    ]);
  });

  it('replace the lines that include them, also within a section', () => {
    const sections = parseSections(SHARED);
    expect(expandIncludes('.SH A\n@include two\n.SH B\n@include one\n', sections)).toBe(
      '.SH A\nFirst.\n.PP\nSecond.\n.SH B\nFirst.\n.PP\nSecond.\n',
    );
  });

  it.each([
    ['Text.\n@section one\n', 'text before the first @section'],
    ['@section one\n@section one\n', 'two sections one'],
  ])('reject %j', (text, reason) => {
    expect(() => parseSections(text)).toThrow(reason);
  });

  it('reject an include without a section', () => {
    expect(() => expandIncludes('@include three\n', parseSections(SHARED))).toThrow(
      'no section three',
    );
  });
});
