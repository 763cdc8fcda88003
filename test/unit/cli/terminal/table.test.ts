import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { cut, measureOf, table } from '../../../../src/cli/terminal/table.js';

describe('a table', () => {
  it('has columns as wide as their cells, with wide characters too', async () => {
    const rows = [
      ['閃存', 'x', ''],
      ['é́', '💾', 'yes'],
    ];
    const measure = await measureOf(rows.flat());
    expect(table(rows, { measure })).toEqual(['閃存  x', 'é́     💾  yes']);
  });

  it('shortens the widest elastic columns first, then the end', () => {
    const rows = [['0123456789', 'a'.repeat(20), 'b'.repeat(12), 'end']];
    const elastic = [false, true, true, false];
    expect(table(rows, { elastic, width: 45 })).toEqual([
      `0123456789  ${'a'.repeat(13)}…  ${'b'.repeat(12)}  end`,
    ]);
    expect(table(rows, { elastic, width: 35 })).toEqual([`0123456789  aaaaaaa…  bbbbbbb…  end`]);
    expect(table(rows, { elastic, width: 20, mark: '~' })).toEqual(['0123456789  aaaaaaa~']);
    expect(table(rows, { elastic })).toEqual([rows[0]?.join('  ')]);
  });

  it('is never wider than the terminal', async () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 }),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        fc.integer({ min: 1, max: 100 }),
        async (rows, elastic, width) => {
          const measure = await measureOf(rows.flat());
          for (const line of table(rows, { measure, elastic, width })) {
            expect(measure(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});

describe('a text that is cut', () => {
  it('ends between grapheme clusters', () => {
    expect(cut('👩‍👩‍👧 family', 4, stringWidth, '…')).toBe('👩‍👩‍👧 …');
    expect(cut('閃存', 2, stringWidth, '…')).toBe('…');
    expect(cut('閃存', 3, stringWidth, '…')).toBe('閃…');
    expect(cut('閃存', 4, stringWidth, '…')).toBe('閃存');
    expect(cut('ab', 0, stringWidth, '…')).toBe('');
  });
});
