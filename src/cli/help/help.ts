import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { didYouMean } from '../did-you-mean.js';
import { EXIT } from '../exit-code.js';
import { print, say } from '../stdio.js';
import { commandHelp } from './command-help.js';
import { overview } from './overview.js';
import { helpWidth, topicText } from './text.js';
import { TOPICS } from './topics.js';

/** Prints the help of a command, or of usbxfer as a whole. */
export function showHelp(command: Command | undefined): void {
  print(command?.parent ? commandHelp(command, helpWidth()) : overview());
}

/** Where no command is given, the help is the message. Returns the code to exit with. */
export function missCommand(): number {
  say(overview());
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
