import type { Command } from 'commander';
import { CommanderError } from './commander.js';
import { createProgram, type ProgramOptions } from './program.js';
import { finishPrinting, finishSaying, print, say } from './stdio.js';

/** Runs the command line to its end and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // For ps, top and whoever finds a device held by this process: not one "node" more.
  const args = argv.slice(2);
  process.title = ['usbxfer', ...args].join(' ');
  let program: Command | undefined;
  try {
    program = await createProgram(args);
    await run(program, args);
    await finishPrinting();
  } catch (error) {
    const { fail } = await import('./failure.js');
    // Of a command line that cannot be parsed, no more than the words is known.
    const json = upTo('--', args).includes('--json');
    const debug = program?.opts<ProgramOptions>().debug ?? false;
    process.exitCode = await fail(error, { json, debug });
  }
  await finishSaying();
}

async function run(program: Command, args: readonly string[]): Promise<void> {
  for (const command of [program, ...program.commands]) {
    answerInOneLine(command);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!isAnswered(error)) {
      throw error;
    }
  }
}

/** Commander throws instead of exiting, and leaves it to `fail` to say why. */
function answerInOneLine(command: Command): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => print(text.trimEnd()),
    writeErr: (text) => say(text.trimEnd()),
    outputError: () => {},
  });
}

function upTo(end: string, args: readonly string[]): readonly string[] {
  const index = args.indexOf(end);
  return index < 0 ? args : args.slice(0, index);
}

/** Whether it is but the end of --help or --version. */
function isAnswered(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}
