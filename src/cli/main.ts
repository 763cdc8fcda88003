import type { Command, CommanderError as Stop } from 'commander';
import { CommanderError } from './commander.js';
import { createProgram, type ProgramOptions } from './program.js';
import { finishPrinting, finishSaying, releaseLostTerminals } from './terminal/stdio.js';

/** Commander throws instead of exiting, and says nothing itself. */
const SILENT = { writeOut: () => {}, writeErr: () => {}, outputError: () => {} };

/** What the completion scripts call: no command, so that nobody meets it in the help. */
const COMPLETE = '__complete';

/** Runs the command line to its end and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // For ps, top and whoever finds a device held by this process: not one "node" more.
  const args = argv.slice(2);
  process.title = ['usbxfer', ...args].join(' ');
  if (args[0] === COMPLETE) {
    const { complete } = await import('./completion/complete.js');
    await complete(args.slice(1));
    return;
  }
  let program: Command | undefined;
  // The command whose arguments are read when commander stops.
  let command: Command | undefined;
  try {
    program = await createProgram(args);
    for (const candidate of [program, ...program.commands]) {
      candidate.configureOutput(SILENT).exitOverride((error) => {
        command = candidate;
        throw error;
      });
    }
    await run(program, args, () => command);
    await finishPrinting();
  } catch (error) {
    const { fail } = await import('./errors/print.js');
    // Of a command line that cannot be parsed, no more than the words is known.
    const json = upTo('--', args).includes('--json');
    const debug = program?.opts<ProgramOptions>().debug ?? false;
    process.exitCode = await fail(error, { json, debug, command });
  }
  await finishSaying();
  releaseLostTerminals();
}

async function run(
  program: Command,
  args: readonly string[],
  stopped: () => Command | undefined,
): Promise<void> {
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError && (await answer(error, stopped())))) {
      throw error;
    }
  }
}

/** Shows the help where it was asked for, or is missed. Returns whether that was all. */
async function answer({ code }: Stop, command: Command | undefined): Promise<boolean> {
  switch (code) {
    case 'commander.version':
      return true;
    case 'commander.helpDisplayed':
      (await import('./help/help.js')).showHelp(command);
      return true;
    case 'commander.help':
      process.exitCode = (await import('./help/help.js')).printMissingCommand();
      return true;
    default:
      return false;
  }
}

function upTo(end: string, args: readonly string[]): readonly string[] {
  const index = args.indexOf(end);
  return index < 0 ? args : args.slice(0, index);
}
