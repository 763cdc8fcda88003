import type { Command as Program } from 'commander';
import { Command, CommanderError, Option } from 'commander';
import { COMMANDS, findCommand, HELP_SUMMARY } from './commands.js';

/** The global options. They may follow the name of a command. */
export interface ProgramOptions {
  readonly debug?: true;
}

/**
 * Creates the command line parser for these arguments. Only the command that they name gets its
 * options; the others have a name and a summary.
 */
export async function createProgram(args: readonly string[]): Promise<Program> {
  const program = new Command('usbxfer')
    .option('-V, --version', 'print the version')
    .on('option:version', exitForVersion)
    .addOption(debugOption())
    .helpOption('-h, --help', 'print the help; -h prints the most used options')
    .showSuggestionAfterError(false)
    .helpCommand(false);
  const named = findCommand(args);
  for (const entry of COMMANDS) {
    const { name, summary, load } = entry;
    const command = program.command(name).description(summary).allowExcessArguments(false);
    if (entry === named) {
      const { define } = await load();
      define(command);
    }
  }
  program
    .command('help')
    .argument('[name]', 'name of a command or a topic')
    .description(HELP_SUMMARY)
    .allowExcessArguments(false)
    .action(async (name: string | undefined) => {
      const { help } = await import('./help/help.js');
      help(program, name);
    });
  return program;
}

/** `--debug`, or USBXFER_DEBUG unless it is empty. */
function debugOption(): InstanceType<typeof Option> {
  const option = new Option('--debug', 'show underlying causes and stack traces');
  return process.env['USBXFER_DEBUG'] ? option.env('USBXFER_DEBUG') : option;
}

/** Replaces commander's own option, for which the version would be read at every start. */
function exitForVersion(): never {
  throw new CommanderError(0, 'commander.version', '(version)');
}
