import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { testusbCases } from '../kernel/guest/testusb/cases.js';
import { missingTests } from './named-tests.js';

/** The cases of testusb for bulk and control transfers, except 0, which does nothing. */
const CASES = [...range(1, 14), ...range(17, 21), 24, ...range(27, 29)];

const rows = readFileSync('test/kernel/README.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, numbers, tests = ''] = /^\| (\d[\d, ]*) \|.*\| (.*) \|$/.exec(line) ?? [];
    return numbers === undefined
      ? []
      : [{ numbers: numbers.split(', ').map(Number), tests: tests.split('; ') }];
  });
const tests = rows.flatMap((row) => row.tests);

it('the table of testusb has each case once, in order, with existing tests', () => {
  const numbers = rows.flatMap((row) => row.numbers);
  expect(numbers.toSorted((a, b) => a - b)).toEqual(CASES);
  expect(missingTests(tests)).toEqual([]);
});

it('the table of testusb has every test of a case', () => {
  const source = readFileSync('test/kernel/testusb.test.ts', 'utf8');
  const titles = [...source.matchAll(/ it\('(.*)', async/g)].map(([, title = '']) => title);
  expect(titles.length).toBeGreaterThan(0);
  const names = [...titles, ...testusbCases.map(({ name }) => name)];
  expect(names.filter((name) => !tests.some((test) => test.endsWith(` ${name}`)))).toEqual([]);
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
