import type { Command, CommanderError } from 'commander';

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
      const commands = (command?.parent ?? command)?.commands.map((known) => known.name()) ?? [];
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

/** Mistakes that a suggestion forgives: letters missing, too many, wrong, or swapped with the next. */
const MOST_MISTAKES = 2;

/**
 * ` (did you mean read?)` with the candidates that are nearest to a word, or that it begins; nothing
 * where there is none.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  const begun = candidates.filter((name) => word.length > 1 && name.startsWith(word));
  const meant = near.length > 0 ? near : begun;
  return meant.length === 0 ? '' : ` (did you mean ${meant.join(' or ')}?)`;
}

function nearest(word: string, candidates: readonly string[]): string[] {
  for (let mistakes = 0; mistakes <= MOST_MISTAKES; mistakes++) {
    const near = candidates.filter(
      // More than half of it should be right.
      (name) => name.length > 2 * mistakes && distance(word, name) === mistakes,
    );
    if (near.length > 0) {
      return near;
    }
  }
  return [];
}

/** Mistakes between two words (optimal string alignment), or one too many for a suggestion. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_MISTAKES) {
    return MOST_MISTAKES + 1; // however long a word is, it costs no time
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
