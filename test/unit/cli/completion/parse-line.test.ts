import fc from 'fast-check';
import { expect, it } from 'vitest';
import { namedOptions, parseLine } from '../../../../src/cli/completion/parse-line.js';
import { createProgram } from '../../../../src/cli/program.js';

it('parses any line without failing', async () => {
  const program = await createProgram(['read']);
  const read = program.commands.find((command) => command.name() === 'read') ?? program;
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--', '-', '-d', '-qo', '--ep', '--ep=', '--keep-going', '--device=1:2', '-q='),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      parseLine(read, words);
      for (const typed of words) {
        const attached = namedOptions(read.options, typed).at(-1)?.attached ?? '';
        expect(typed.endsWith(attached)).toBe(true);
      }
    }),
  );
});

it.each([
  [['--keep-going', '5'], { keepGoing: 5, json: undefined }],
  [['--keep-going', '--json'], { keepGoing: undefined }],
  [['--serial', '--json'], { serial: [{ serial: '--json' }] }],
  [['-d1234', '--ep=82'], { device: [{ vid: 0x1234 }], ep: 0x82 }],
  [['--ep', 'nonsense'], { ep: undefined }],
])('parses %j like commander', async (words, expected) => {
  const program = await createProgram(['read']);
  const read = program.commands.find((command) => command.name() === 'read') ?? program;
  const { values, operands } = parseLine(read, words);
  expect(values).toMatchObject(expected);
  expect(operands).toEqual([]);
});
