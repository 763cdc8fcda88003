import type { Command } from 'commander';
import { createProgram } from '../program.js';
import { print } from '../terminal/stdio.js';
import { answerLines, behind, type Candidate, type Completions } from './candidate.js';
import { namedOptions, optionsOf, readTyped, type TypedOptions } from './parse-line.js';
import { completeValue, nextWords } from './values.js';

/**
 * Answers a completion script on stdout, see `answerLines`. Whatever goes wrong, nobody wants to
 * hear of it in the middle of a line: then there is nothing to complete.
 *
 * @param args `--`, then the words behind `usbxfer`, the last being the one to complete, up to the
 *   cursor, all without the shell's quotes
 */
export async function complete(args: readonly string[]): Promise<void> {
  const words = args[0] === '--' ? args.slice(1) : args;
  const word = words.at(-1) ?? '';
  try {
    const lines = answerLines(await completionsOf(words.slice(0, -1), word), word);
    if (lines.length > 0) {
      print(lines.join('\n'));
    }
  } catch {}
}

/** What `word` may become behind the words before it. */
async function completionsOf(before: readonly string[], word: string): Promise<Completions> {
  const program = await createProgram(before);
  // The program's own options take no values.
  const start = before.findIndex((arg) => !arg.startsWith('-'));
  if (start < 0) {
    return word.startsWith('-') ? options(program, readTyped(program, before)) : commands(program);
  }
  const name = before[start];
  const args = before.slice(start + 1);
  if (name === 'help') {
    return args.length > 0 ? [] : commands(program).filter(({ text }) => text !== name);
  }
  const command = program.commands.find((candidate) => candidate.name() === name);
  return command === undefined ? [] : completeArgument(command, readTyped(command, args), word);
}

async function completeArgument(
  command: Command,
  typed: TypedOptions,
  word: string,
): Promise<Completions> {
  const { pending, ended, values } = typed;
  if (pending?.required) {
    return completeValue(command, pending, word, values);
  }
  if (ended || !word.startsWith('-')) {
    const choices = operandChoices(command, typed);
    return choices.length > 0 || ended
      ? choices.map((text) => ({ text }))
      : options(command, typed);
  }
  const last = namedOptions(optionsOf(command), word).at(-1);
  if (last?.attached !== undefined) {
    const { option, attached } = last;
    const prefix = word.slice(0, word.length - attached.length);
    return behind(prefix, await completeValue(command, option, attached, values));
  }
  return last !== undefined && !word.startsWith('--')
    ? [{ text: word, description: last.option.description }]
    : options(command, typed);
}

function operandChoices(command: Command, { operands, options }: TypedOptions): readonly string[] {
  return command.name() === 'control'
    ? nextWords(operands, [...options])
    : (command.registeredArguments[operands.length]?.argChoices ?? []);
}

function commands(program: Command): Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ text: command.name(), description: command.description() }));
}

/** The options that can still be given; of a long and a short name the one that says something. */
function options(command: Command, typed: TypedOptions): Candidate[] {
  return optionsOf(command)
    .filter((option) => option.variadic || !typed.options.has(option))
    .map(({ long, short, description }) => ({ text: long ?? short ?? '', description }));
}
