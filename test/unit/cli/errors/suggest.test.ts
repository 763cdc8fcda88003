import { Argument, Command, CommanderError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../../src/cli/commands.js';
import { COMMAND_NAMES, OPTION_NAMES } from '../../../../src/cli/errors/other-names.js';
import { didYouMean, explainUsage } from '../../../../src/cli/errors/suggest.js';
import { createProgram } from '../../../../src/cli/program.js';

const NAMES = ['list', 'read', 'exit-codes', 'environment', 'sizes', 'scenarios'];

/** The line that explains what is wrong with these arguments of `program`. */
function complaint(program: Command, command: Command, args: string[]): string {
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

it('suggests one of the choices of an argument', () => {
  const program = new Command('usbxfer').exitOverride().configureOutput({ outputError: () => {} });
  const command = program.command('paint').action(() => {});
  command.addArgument(new Argument('<colour>').choices(['red', 'green', 'blue']));
  expect(complaint(program, command, ['paint', 'gren'])).toMatch(
    /'gren' is invalid.* \(did you mean green\?\)$/,
  );
  expect(complaint(program, command, ['paint', 'black'])).toMatch(
    / is invalid for argument 'colour'; choose one of red, green, blue$/,
  );
  expect(complaint(program, command, ['paint'])).toMatch(
    /missing .*'colour'; see usbxfer paint --help$/,
  );
});

describe('a name of another program', () => {
  async function complaintOf(...args: string[]): Promise<string> {
    const program = await createProgram(args);
    const command = program.commands.find((known) => known.name() === args[0]) ?? program;
    for (const each of [program, ...program.commands]) {
      each.exitOverride().configureOutput({ outputError: () => {} });
    }
    return complaint(program, command, args);
  }

  it.each([
    ['send', 'write'],
    ['dump', 'read'],
    ['capture', 'read'],
    ['lsusb', 'list'],
    ['lsit', 'list'],
    ['udev', 'udev-rule'],
  ])('%s is no command: did you mean %s?', async (word, meant) => {
    expect(await complaintOf(word)).toMatch(
      new RegExp(`^unknown command '${word}' \\(did you mean ${meant}\\?\\); choose one of list, `),
    );
  });

  it('names no command for any other word', async () => {
    expect(await complaintOf('frobnicate')).toMatch(
      /^unknown command 'frobnicate'; choose one of /,
    );
  });

  it('a device needs a command before it', async () => {
    expect(await complaintOf('1234:5678')).toBe(
      "unknown command '1234:5678'; name a command before the device, such as usbxfer info 1234:5678",
    );
  });

  it.each([
    ['read', '--size=4', '--bytes'],
    ['read', '--endpoint', '--ep'],
    ['read', '--file', '--output'],
    ['write', '--file', '--input'],
    ['pipe', '--file', '--output or --input'],
    ['read', '--byte', '--bytes'],
    ['list', '--debgu', '--debug'],
  ])('usbxfer %s %s: did you mean %s?', async (name, option, meant) => {
    expect(await complaintOf(name, option)).toBe(
      `unknown option '${option}' (did you mean ${meant}?); see usbxfer ${name} --help`,
    );
  });

  it('is suggested only for an option that the command has', async () => {
    expect(await complaintOf('list', '--endpoint')).toBe(
      "unknown option '--endpoint'; see usbxfer list --help",
    );
  });

  it('belongs to a command or an option that exists', async () => {
    for (const name of Object.keys(COMMAND_NAMES)) {
      expect(COMMANDS.map((known) => known.name)).toContain(name);
    }
    const programs = await Promise.all(COMMANDS.map(({ name }) => createProgram([name])));
    const options = programs.flatMap((program) =>
      program.commands.flatMap(({ options }) => options),
    );
    for (const name of Object.keys(OPTION_NAMES)) {
      expect(options.map(({ long }) => long)).toContain(name);
    }
  });
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
