import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const rows = readFileSync('test/FAULTS.md', 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+) \| (.*?) \|.*\| (.*) \|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, number = '', fault = '', proofs = '']) => ({ number, fault, proofs }));

it('the table of faults numbers its rows without a hole', () => {
  expect(rows.map(({ number }) => Number(number))).toEqual(rows.map((_, i) => i + 1));
});

it.each(rows.filter(({ proofs }) => proofs !== '—'))('$number, $fault: its tests exist', ({
  proofs,
}) => {
  for (const proof of proofs.split('; ')) {
    const [, file = '', title = ''] = /^`(.*?)` (.*)$/.exec(proof) ?? [];
    expect(title).not.toBe('');
    expect(readFileSync(`test/${file}`, 'utf8')).toContain(title);
  }
});
