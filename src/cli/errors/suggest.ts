import type { Command, CommanderError } from 'commander';
import { commandsCalled, optionsCalled } from './other-names.js';

/** Turns commander's error about the arguments into a message and advice, one line each. */
export function explainUsage(
  { code, message }: CommanderError,
  command: Command | undefined,
): { message: string; advice: string | undefined } {
  const line = message.replace(/^error: /, '').replaceAll('\n', ' ');
  const name = command?.parent ? `usbxfer ${command.name()}` : 'usbxfer';
  switch (code) {
    case 'commander.unknownOption': {
      const known = optionNames(command);
      const option = nameIn(line);
      const called = optionsCalled(option).filter((candidate) => known.includes(candidate));
      return { message: line + didYouMean(option, known, called), advice: `see ${name} --help` };
    }
    case 'commander.unknownCommand': {
      const commands = (command?.parent ?? command)?.commands.map((known) => known.name()) ?? [];
      const word = nameIn(line);
      return {
        message: line + didYouMean(word, commands, commandsCalled(word)),
        advice: isDevice(word)
          ? `name a command before the device, such as usbxfer info ${word}`
          : `choose one of ${commands.join(', ')}`,
      };
    }
    case 'commander.missingArgument':
    case 'commander.missingMandatoryOptionValue':
      return { message: line, advice: `see ${name} --help` };
    case 'commander.excessArguments':
      return {
        message: tooMany(line),
        advice: [...fileOptions(command), `see ${name} --help`].join('; '),
      };
    case 'commander.invalidArgument': {
      const advice = / for argument 'device'\. give a device /.test(line)
        ? fileOptions(command)
        : [];
      return { message: invalidValue(line), advice: advice[0] };
    }
    default:
      return { message: line, advice: undefined };
  }
}

/** The name in a message: `send` in `unknown command 'send'`, `--size` in `unknown option '--size=4'`. */
function nameIn(line: string): string {
  return /'([^'=]*)/.exec(line)?.[1] ?? '';
}

/** The options of a command and the global options. */
function optionNames(command: Command | undefined): string[] {
  const options = [command, command?.parent].flatMap((each) => each?.options ?? []);
  return [...options.flatMap(({ long }) => long ?? []), '--help'];
}

function isDevice(word: string): boolean {
  return /^[0-9a-f]{1,4}:[0-9a-f]{1,4}$/i.test(word);
}

/** The options that a stray file name needs: `a file needs -i FILE or -o FILE`; none if there are none. */
function fileOptions(command: Command | undefined): string[] {
  const found = command?.options.flatMap(({ short, flags }) =>
    short && flags.endsWith('<file>') ? [`${short} FILE`] : [],
  );
  return found?.length ? [`a file needs ${found.join(' or ')}`] : [];
}

/** Turns commander's two sentences about excess arguments into one. */
function tooMany(line: string): string {
  return line.replace(/\. Expected (\d+) arguments? but got (\d+)\.$/, ': expected $1, got $2');
}

/** Commander's message about an invalid value: the value, and why it is invalid. */
const INVALID =
  /^(?:command-)?(.*(?:argument|value) '(.*?)'.* is invalid(?: for argument '.*?')?)\. (.*)$/s;

/** Turns commander's two sentences into one. Adds a suggestion if the value resembles a valid one. */
function invalidValue(line: string): string {
  const [, problem = line, value = '', why] = INVALID.exec(line) ?? [];
  const choices = /^Allowed choices are (.*)\.$/s.exec(why ?? '')?.[1]?.split(', ');
  if (choices !== undefined) {
    return `${problem}; choose one of ${choices.join(', ')}${didYouMean(value, choices)}`;
  }
  return why === undefined ? problem : `${problem}; ${why}`;
}

/** The maximum number of missing, extra, wrong and swapped letters in a word with a suggestion. */
const MAX_MISTAKES = 2;

/**
 * ` (did you mean read?)` with the names that a word stands for, with those nearest to it, or with those
 * that begin with it; empty if there are none.
 *
 * @param called the names that the word stands for elsewhere
 */
export function didYouMean(
  word: string,
  candidates: readonly string[],
  called: readonly string[] = [],
): string {
  const begun = candidates.filter((name) => word.length > 1 && name.startsWith(word));
  const meant = [called, nearest(word, candidates), begun].find((names) => names.length > 0) ?? [];
  return meant.length === 0 ? '' : ` (did you mean ${meant.join(' or ')}?)`;
}

function nearest(word: string, candidates: readonly string[]): string[] {
  for (let mistakes = 0; mistakes <= MAX_MISTAKES; mistakes++) {
    const near = candidates.filter(
      // More than half of the name must be right.
      (name) => name.length > 2 * mistakes && distance(word, name) === mistakes,
    );
    if (near.length > 0) {
      return near;
    }
  }
  return [];
}

/** The number of mistakes between two words (optimal string alignment), if it may be small enough. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_MISTAKES) {
    return MAX_MISTAKES + 1; // saves time for long words
  }
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const wrong = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + wrong,
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
