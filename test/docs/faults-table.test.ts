import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { missingTests } from './named-tests.js';

const rows = readFileSync('test/FAULTS.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, proofs = ''] = /^\| (\d+) \|.*\| (.*) \|$/.exec(line) ?? [];
    return number === undefined ? [] : [{ number: Number(number), proofs: proofs.split('; ') }];
  });

it('the table of faults numbers its rows consecutively and names existing tests', () => {
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.map(({ number }) => number)).toEqual(rows.map((_, i) => i + 1));
  const missing = rows.flatMap(({ number, proofs }) =>
    missingTests(proofs).map((proof) => `${number}: ${proof}`),
  );
  expect(missing).toEqual([]);
});
