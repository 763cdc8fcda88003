import type { Command } from 'commander';
import { COMMANDS, HELP_SUMMARY } from '../commands.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/codes.js';
import { didYouMean } from '../errors/suggest.js';
import { logToStderr, print } from '../terminal/stdio.js';
import { commandHelp } from './command-help.js';
import { exampleLines } from './examples.js';
import { helpWidth, sentence, termLines, topicText, wrap } from './layout.js';
import { TOPICS } from './topics.js';

/** Prints the help of a command, or of usbxfer as a whole. */
export function showHelp(command: Command | undefined): void {
  print(command?.parent ? commandHelp(command, helpWidth()) : overview());
}

/** Where no command is given, the help is the message. Returns the code to exit with. */
export function printMissingCommand(): number {
  logToStderr(overview());
  return EXIT.usage;
}

/**
 * `usbxfer help [name]`: of a command, a topic, or usbxfer as a whole.
 *
 * @throws CliError when there is neither a command nor a topic of that name
 */
export async function help(program: Command, name: string | undefined): Promise<void> {
  const command =
    name === undefined ? program : program.commands.find((known) => known.name() === name);
  if (command !== undefined) {
    showHelp(command);
    return;
  }
  const topic = TOPICS.find((known) => known.name === name);
  if (topic === undefined) {
    throw noHelp(program, name ?? '');
  }
  const { PARTS } = await topic.load();
  print(topicText(PARTS, helpWidth()));
}

function noHelp(program: Command, name: string): CliError {
  const names = [
    ...program.commands.map((command) => command.name()),
    ...TOPICS.map((topic) => topic.name),
  ];
  const suggestion = didYouMean(name, names);
  return new CliError('invalid-value', `there is no help on '${name}'${suggestion}`, {
    advice: `there is on ${names.join(', ')}`,
  });
}

const WIDTH = 80;

/** What usbxfer does. */
export const SUMMARY = 'move bulk data between any USB device and a shell pipeline';

/** The help of usbxfer as a whole: a screen of 80 by 24 shows all of it, and a prompt. */
export function overview(): string {
  const commands = COMMANDS.map(({ name, summary }) => [name, summary] as const);
  const topics = TOPICS.map(({ name }) => name).join(', ');
  return [
    `${sentence(SUMMARY)} Examples:`,
    ...exampleLines('usbxfer'),
    '',
    'Usage: usbxfer <command> [options]. Commands:',
    ...termLines([...commands, ['help', HELP_SUMMARY]], WIDTH),
    '',
    ...wrap(`Topics: ${topics}.`, WIDTH),
    'More: usbxfer <command> --help, usbxfer help <topic>, man usbxfer.',
    'Options of usbxfer itself: -h, --help; -V, --version; --debug.',
  ].join('\n');
}
