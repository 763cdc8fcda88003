import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { missingTests } from './named-tests.js';

/** Returns the cells of each row of the table in a document. The last one names tests. */
function rowsOf(document: string): string[][] {
  const table = readFileSync(document, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return table.slice(1).map((line) =>
    line
      .slice(2, -2)
      .split(/(?<!\\)\| /)
      .map((cell) => cell.trim()),
  );
}

it.each([
  'test/FAULTS.md',
  'test/EXPECTATIONS.md',
  'test/DEVICES.md',
])('%s names existing tests in each row', (document) => {
  const rows = rowsOf(document);
  expect(rows.length).toBeGreaterThan(0);
  const missing = rows.flatMap((cells) =>
    missingTests(cells.at(-1)?.split('; ') ?? []).map((proof) => `${cells[0]}: ${proof}`),
  );
  expect(missing).toEqual([]);
});

it('the table of faults numbers its rows consecutively', () => {
  const numbers = rowsOf('test/FAULTS.md').map(([number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});
