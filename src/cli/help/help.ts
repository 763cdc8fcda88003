import type { Command } from 'commander';
import { COMMANDS } from '../commands.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/codes.js';
import { commandsCalled } from '../errors/other-names.js';
import { didYouMean } from '../errors/suggest.js';
import { logToStderr, print } from '../terminal/stdio.js';
import { commandHelp } from './command-help.js';
import { exampleLines } from './examples.js';
import { helpWidth, sentence, termLines, topicText, wrap } from './layout.js';
import { shortHelp } from './short-help.js';
import { TOPICS } from './topics.js';

/**
 * Prints the help of a command, or the overview.
 *
 * @param isShort whether to print only the most used options of the command
 */
export function showHelp(command: Command | undefined, isShort = false): void {
  const format = isShort ? shortHelp : commandHelp;
  print(command?.parent ? format(command, helpWidth()) : overview());
}

/** Prints the overview on stderr when no command is given. Returns the exit code. */
export function printMissingCommand(): number {
  logToStderr(overview());
  return EXIT.usage;
}

/**
 * `usbxfer help [name]`: prints the help of a command or a topic, or the overview.
 *
 * @throws CliError if no command and no topic has that name
 */
export function help(program: Command, name: string | undefined): void {
  const command =
    name === undefined ? program : program.commands.find((known) => known.name() === name);
  if (command !== undefined) {
    showHelp(command);
    return;
  }
  const topic = TOPICS.find((known) => known.name === name);
  if (topic === undefined) {
    throw unknownName(program, name ?? '');
  }
  print(topicText(topic.parts, helpWidth()));
}

function unknownName(program: Command, name: string): CliError {
  const names = [
    ...program.commands.map((command) => command.name()),
    ...TOPICS.map((topic) => topic.name),
  ];
  const suggestion = didYouMean(name, names, commandsCalled(name));
  return new CliError('invalid-value', `no help for '${name}'${suggestion}`, {
    advice: `choose one of ${names.join(', ')}`,
  });
}

const WIDTH = 80;

/** What usbxfer does, in one line. */
export const SUMMARY = 'move bulk data between any USB device and a shell pipeline';

/** The overview. It fits a terminal of 80 by 24, with room for the prompt. */
export function overview(): string {
  const commands = COMMANDS.map(({ name, summary }) => [name, summary] as const);
  const topics = TOPICS.map(({ name }) => name).join(', ');
  return [
    `${sentence(SUMMARY)} Examples:`,
    ...exampleLines('usbxfer', 1),
    'Usage: usbxfer [--help | --version | --debug] <command> [options]. Commands:',
    ...termLines(commands, WIDTH),
    ...wrap(`Topics: ${topics}.`, WIDTH),
    'More: usbxfer <command> --help, usbxfer help <topic>, man usbxfer.',
  ].join('\n');
}
