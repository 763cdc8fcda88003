import type { Command } from 'commander';
import { isDeviceSelector } from '../options/parsers.js';
import { createProgram } from '../program.js';
import { escapeUnsafe, sanitize } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { namedOptions, optionsOf, type ParsedLine, parseLine } from './parse-line.js';
import {
  addPrefix,
  type Candidate,
  type Completions,
  completeDevice,
  completeValue,
  requestWords,
} from './values.js';

/**
 * Prints the completions of a word for the completion script of a shell, see `completionLines`. Ignores
 * every error, because a message would disturb the line being typed.
 *
 * @param args `--`, then the words after `usbxfer` without quotes. The last word is the one to
 *   complete, up to the cursor.
 */
export async function complete(args: readonly string[]): Promise<void> {
  const words = args[0] === '--' ? args.slice(1) : args;
  const word = words.at(-1) ?? '';
  try {
    const lines = completionLines(await completionsOf(words.slice(0, -1), word), word);
    if (lines.length > 0) {
      print(lines.join('\n'));
    }
  } catch {}
}

/**
 * Formats completions for the completion scripts. Each line is a candidate that starts with the word,
 * and its description after a tab. A single line that starts with a tab asks the shell to complete a
 * file name after the prefix in the rest of the line. Candidates that a terminal cannot show unescaped
 * are omitted, because they cannot be typed either.
 */
export function completionLines(completions: Completions, word: string): string[] {
  if ('prefix' in completions) {
    return [`\t${completions.prefix}`];
  }
  return completions
    .filter(({ text }) => text !== '' && text.startsWith(word) && text === escapeUnsafe(text))
    .map(({ text, description }) => (description ? `${text}\t${sanitize(description)}` : text));
}

/** Completes `word` after the words before it. */
async function completionsOf(before: readonly string[], word: string): Promise<Completions> {
  const program = await createProgram(before);
  // The global options take no values.
  const start = before.findIndex((arg) => !arg.startsWith('-'));
  if (start < 0) {
    return word.startsWith('-') ? options(program, parseLine(program, before)) : commands(program);
  }
  const name = before[start];
  const args = before.slice(start + 1);
  if (name === 'help') {
    return args.length > 0 ? [] : commands(program).filter(({ text }) => text !== name);
  }
  const command = program.commands.find((candidate) => candidate.name() === name);
  return command === undefined ? [] : completeArgument(command, parseLine(command, args), word);
}

async function completeArgument(
  command: Command,
  line: ParsedLine,
  word: string,
): Promise<Completions> {
  const { pending, ended, values } = line;
  if (pending?.required) {
    return completeValue(command, pending, word, values);
  }
  if (ended || !word.startsWith('-')) {
    if (operandOf(command, line)?.name() === 'file') {
      return { prefix: '' };
    }
    const choices = await completeOperand(command, line);
    return choices.length > 0 || ended ? choices : options(command, line);
  }
  const last = namedOptions(optionsOf(command), word).at(-1);
  if (last?.attached !== undefined) {
    const { option, attached } = last;
    const prefix = word.slice(0, word.length - attached.length);
    return addPrefix(prefix, await completeValue(command, option, attached, values));
  }
  return last !== undefined && !word.startsWith('--')
    ? [{ text: word, description: last.option.description }]
    : options(command, line);
}

function withoutDevice([first = '', ...rest]: readonly string[]): readonly string[] {
  return first === '' || isDeviceSelector(first) ? rest : [first, ...rest];
}

/** Returns the next operand of a command; undefined if it takes no more. */
function operandOf({ registeredArguments }: Command, { operands }: ParsedLine) {
  const last = registeredArguments.at(-1);
  return registeredArguments[operands.length] ?? (last?.variadic ? last : undefined);
}

async function completeOperand(command: Command, line: ParsedLine): Promise<readonly Candidate[]> {
  const { operands, options, values } = line;
  const argument = operandOf(command, line);
  const devices = await completeDevice(command, argument?.name() ?? '', values);
  const words =
    command.name() === 'control'
      ? requestWords(withoutDevice(operands), [...options])
      : (argument?.argChoices ?? []);
  return [...words.map((text) => ({ text })), ...devices];
}

function commands(program: Command): Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ text: command.name(), description: command.description() }));
}

/** The options that are not on the line yet, by their long names. */
function options(command: Command, line: ParsedLine): Candidate[] {
  return optionsOf(command)
    .filter((option) => option.variadic || !line.options.has(option))
    .map(({ long, short, description }) => ({ text: long ?? short ?? '', description }));
}
