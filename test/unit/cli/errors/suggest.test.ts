import { Argument, Command, CommanderError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, explainUsage } from '../../../../src/cli/errors/suggest.js';

const NAMES = ['list', 'read', 'exit-codes', 'environment', 'sizes', 'scenarios'];

it('suggests one of the choices of an argument', () => {
  const program = new Command('usbxfer').exitOverride().configureOutput({ outputError: () => {} });
  const command = program.command('paint').action(() => {});
  command.addArgument(new Argument('<colour>').choices(['red', 'green', 'blue']));
  expect(complaint(['paint', 'gren'])).toMatch(/'gren' is invalid.* \(did you mean green\?\)$/);
  expect(complaint(['paint', 'black'])).toMatch(
    / is invalid for argument 'colour'; choose one of red, green, blue$/,
  );
  expect(complaint(['paint'])).toMatch(/missing .*'colour'; see usbxfer paint --help$/);

  function complaint(args: string[]): string {
    try {
      program.parse(args, { from: 'user' });
    } catch (error) {
      if (error instanceof CommanderError) {
        const { message, advice } = explainUsage(error, command);
        return advice === undefined ? message : `${message}; ${advice}`;
      }
      throw error;
    }
    throw new Error('the arguments are valid');
  }
});

describe('didYouMean', () => {
  it.each([
    ['lsit', 'list'],
    ['raed', 'read'],
    ['reed', 'read'],
    ['red', 'read'],
    ['exitcode', 'exit-codes'],
    ['env', 'environment'],
    ['scenarois', 'scenarios'],
  ])('suggests for %s: %s', (word, name) => {
    expect(didYouMean(word, NAMES)).toBe(` (did you mean ${name}?)`);
  });

  it.each(['', 'l', 'write', 'xxxx', 'sz', 'lt', 'dear'])('suggests nothing for %j', (word) => {
    expect(didYouMean(word, NAMES)).toBe('');
  });

  it('names all candidates at the same distance', () => {
    expect(didYouMean('eat', ['bat', 'read', 'cat', 'seat'])).toBe(
      ' (did you mean bat or cat or seat?)',
    );
    expect(didYouMean('s', NAMES)).toBe('');
    expect(didYouMean('re', ['read', 'replay', 'list'])).toBe(' (did you mean read or replay?)');
  });

  it('finds a name with a missing, an extra or two swapped letters', () => {
    const mistake = fc
      .tuple(fc.constantFrom(...NAMES), fc.nat(), fc.constantFrom('x', '-', 'é'))
      .chain(([name, at, letter]) => {
        const i = at % (name.length - 1);
        const swapped = `${name.slice(0, i)}${name[i + 1]}${name[i]}${name.slice(i + 2)}`;
        return fc
          .constantFrom(
            name.slice(0, i) + name.slice(i + 1),
            name.slice(0, i) + letter + name.slice(i),
            swapped,
          )
          .map((word) => ({ word, name }));
      });
    fc.assert(
      fc.property(mistake, ({ word, name }) => {
        expect(didYouMean(word, NAMES)).toContain(name);
      }),
    );
  });
});
