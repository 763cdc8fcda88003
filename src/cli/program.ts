import { readFileSync } from 'node:fs';
import type { Command as Program } from 'commander';
import { Command, CommanderError, Option } from './commander.js';
import { COMMANDS, HELP_SUMMARY } from './commands.js';
import { print } from './terminal/stdio.js';

/** Options of the program itself; they may stand behind the name of a command as well. */
export interface ProgramOptions {
  readonly debug?: true;
}

/**
 * The command line, ready to parse these arguments. Only the command that they mean has its options,
 * of the others no more than the name and the summary is known.
 */
export async function createProgram(args: readonly string[]): Promise<Program> {
  const program = new Command('usbxfer')
    .option('-V, --version', 'print the version')
    .on('option:version', answerVersion)
    .addOption(debugOption())
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .helpCommand(false);
  // Before the name of the command that is meant stand options without values and `help`, no other
  // command's name.
  const meant = args.find((arg) => COMMANDS.some(({ name }) => name === arg));
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).description(summary).allowExcessArguments(false);
    if (name === meant) {
      const { define } = await load();
      define(command);
    }
  }
  program
    .command('help')
    .argument('[name]')
    .description(HELP_SUMMARY)
    .allowExcessArguments(false)
    .action(async (name: string | undefined) => {
      const { help } = await import('./help/help.js');
      help(program, name);
    });
  return program;
}

/** In the environment any value will do, unless it is empty. */
function debugOption(): InstanceType<typeof Option> {
  const option = new Option('--debug', 'tell of a failure what began it, and where');
  return process.env['USBXFER_DEBUG'] ? option.env('USBXFER_DEBUG') : option;
}

/** Commander's own would have to be told the version before anybody asks for it. */
function answerVersion(): never {
  print(version());
  throw new CommanderError(0, 'commander.version', '(version)');
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { version: string }).version;
}
