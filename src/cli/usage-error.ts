import type { Command, CommanderError } from 'commander';
import { COMMANDS } from './command-table.js';
import { didYouMean } from './did-you-mean.js';

/** What commander found wrong with a command's arguments, and where to look; one line each. */
export function explainUsage(
  { code, message }: CommanderError,
  command: Command | undefined,
): { message: string; advice: string | undefined } {
  const line = message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)')
    .replaceAll('\n', ' ');
  const name = command?.parent ? `usbxfer ${command.name()}` : 'usbxfer';
  switch (code) {
    case 'commander.unknownOption':
      return { message: line, advice: `${name} --help lists them` };
    case 'commander.unknownCommand': {
      const commands = [...COMMANDS.map((known) => known.name), 'help'];
      return { message: line, advice: `there are ${commands.join(', ')}` };
    }
    case 'commander.missingArgument':
      return { message: line, advice: `see ${name} --help` };
    case 'commander.excessArguments':
      return { message: line.replace(/\.$/, ''), advice: `${places(command)}see ${name} --help` };
    case 'commander.invalidArgument':
      return { message: withSuggestion(line), advice: undefined };
    default:
      return { message: line, advice: undefined };
  }
}

/** What a stray word most likely is, and needs in front of it: `give -d VID[:PID] or -i FILE; `. */
function places(command: Command | undefined): string {
  const found = command?.options.flatMap(({ short, flags }) => {
    const value = /<(vid\[:pid\]|file)>/.exec(flags)?.[1];
    return short && value ? [`${short} ${value.toUpperCase()}`] : [];
  });
  return found?.length ? `give ${found.join(' or ')}; ` : '';
}

/** What commander says of a value that is none of an option's or an operand's choices. */
const NO_CHOICE =
  /(?:argument|value) '(.*?)' (?:from env '\w+' )?is invalid(?: for argument '.*')?\. Allowed choices are (.*)\.$/s;

/** Where there is a choice, what was given may be nearly one of it. */
function withSuggestion(line: string): string {
  const [, value, choices] = NO_CHOICE.exec(line) ?? [];
  return value === undefined || choices === undefined
    ? line
    : `${line.slice(0, -1)}${didYouMean(value, choices.split(', '))}`;
}
