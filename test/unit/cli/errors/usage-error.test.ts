import { Argument, Command, CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { explainUsage } from '../../../../src/cli/errors/suggest.js';

it('suggests one of the choices of an operand', () => {
  const program = new Command('usbxfer').exitOverride().configureOutput({ outputError: () => {} });
  const command = program.command('paint').action(() => {});
  command.addArgument(new Argument('<colour>').choices(['red', 'green', 'blue']));
  expect(complaint(['paint', 'gren'])).toMatch(/'gren' is invalid.* \(did you mean green\?\)$/);
  expect(complaint(['paint', 'black'])).toMatch(/choices are red, green, blue$/);
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
    throw new Error('nothing to complain of');
  }
});
