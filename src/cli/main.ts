import type { Command, CommanderError as CommanderExit } from 'commander';
import { CommanderError } from 'commander';
import { findCommand } from './commands.js';
import { createProgram, type ProgramOptions } from './program.js';
import { type KeptSignals, restoreSignals, takeOver } from './signals.js';
import { flushStderr, flushStdout, print, releaseLostTerminals } from './terminal/stdio.js';
import { version } from './version.js';

/** Suppresses commander's own output. */
const SILENT = { writeOut: () => {}, writeErr: () => {}, outputError: () => {} };

/** The first argument that the completion scripts pass. The help does not show it. */
const COMPLETE = '__complete';

/**
 * Runs the command line and sets the exit code. Everything is written when it resolves.
 *
 * @param signals those received before
 */
export async function main(argv: readonly string[], signals?: KeptSignals): Promise<void> {
  const args = argv.slice(2);
  // Node reports signals once in each turn of the event loop. There may have been none since the start.
  await new Promise((resolve) => setImmediate(resolve));
  takeOver(signals);
  if (!findCommand(args)?.handlesSignals) {
    restoreSignals();
  }
  // Shown by ps, top, and by programs that list which process holds a device.
  process.title = ['usbxfer', ...args].join(' ');
  if (args[0] === COMPLETE) {
    const { complete } = await import('./completion/complete.js');
    await complete(args.slice(1));
    await flushStdout().catch(() => {}); // a message would disturb the line being typed
    return;
  }
  let program: Command | undefined;
  // The command whose arguments commander was parsing when it stopped.
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
    await flushStdout();
  } catch (error) {
    const { fail } = await import('./errors/print.js');
    // Not parsed: the arguments may be invalid.
    const json = optionsIn(args).some((arg) => /^--json(=|$)/.test(arg));
    const debug = program?.opts<ProgramOptions>().debug ?? false;
    process.exitCode = await fail(error, { json, debug, command });
    await flushStdout().catch(() => {}); // the first failure is reported
  }
  await flushStderr();
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
    if (!(error instanceof CommanderError && (await handleExit(error, program, args, stopped())))) {
      throw error;
    }
  }
}

/**
 * Prints the version or the help if commander exited for it.
 *
 * @returns false if the exit was for an error
 * @throws CommanderError if there is no such command: `--help` does not hide a misspelling
 */
async function handleExit(
  { code }: CommanderExit,
  program: Command,
  args: readonly string[],
  command: Command | undefined,
): Promise<boolean> {
  switch (code) {
    case 'commander.version':
      await requireCommand(program, args);
      print(version());
      return true;
    case 'commander.helpDisplayed':
      await requireCommand(program, args);
      (await import('./help/help.js')).showHelp(command, isShortHelp(args));
      return true;
    case 'commander.help':
      process.exitCode = (await import('./help/help.js')).printMissingCommand();
      return true;
    default:
      return false;
  }
}

/** Whether the help was requested by `-h`, not by `--help`. */
function isShortHelp(args: readonly string[]): boolean {
  return optionsIn(args).find((arg) => arg === '-h' || arg === '--help') === '-h';
}

/** @throws CommanderError if the first argument that is no option is not a command */
async function requireCommand(program: Command, args: readonly string[]): Promise<void> {
  const name = args.find((arg) => !arg.startsWith('-'));
  if (name !== undefined && !program.commands.some((command) => command.name() === name)) {
    await program.parseAsync([name], { from: 'user' });
  }
}

/** The arguments before `--`. */
function optionsIn(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}
