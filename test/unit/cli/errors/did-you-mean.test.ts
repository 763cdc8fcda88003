import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../../../src/cli/errors/suggest.js';

const NAMES = ['list', 'read', 'exit-codes', 'environment', 'sizes', 'scenarios'];

describe('didYouMean', () => {
  it.each([
    ['lsit', 'list'],
    ['raed', 'read'],
    ['reed', 'read'],
    ['red', 'read'],
    ['exitcode', 'exit-codes'],
    ['env', 'environment'],
    ['scenarois', 'scenarios'],
  ])('sees in %s %s', (word, name) => {
    expect(didYouMean(word, NAMES)).toBe(` (did you mean ${name}?)`);
  });

  it.each(['', 'l', 'write', 'xxxx', 'sz', 'lt', 'dear'])('sees nothing in %j', (word) => {
    expect(didYouMean(word, NAMES)).toBe('');
  });

  it('names all that are as near', () => {
    expect(didYouMean('eat', ['bat', 'read', 'cat', 'seat'])).toBe(
      ' (did you mean bat or cat or seat?)',
    );
    expect(didYouMean('s', NAMES)).toBe('');
    expect(didYouMean('re', ['read', 'replay', 'list'])).toBe(' (did you mean read or replay?)');
  });

  it('finds a name that lost a letter, or has one too many, or two swapped', () => {
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
