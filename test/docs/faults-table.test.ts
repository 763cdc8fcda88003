import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** A test that a row of test/FAULTS.md names: its file, and words of its title. */
interface Proof {
  readonly file: string;
  readonly title: string;
}

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
    proofs.filter((proof) => !isThere(parse(proof))).map((proof) => `${number}: ${proof}`),
  );
  expect(missing).toEqual([]);
});

function parse(proof: string): Proof {
  const [, file = '', title = ''] = /^`(.*?)` (.*)$/.exec(proof) ?? [];
  return { file: `test/${file}`, title };
}

function isThere({ file, title }: Proof): boolean {
  return title !== '' && existsSync(file) && readFileSync(file, 'utf8').includes(title);
}
