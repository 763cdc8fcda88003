import type { Command } from 'commander';
import { CommanderError } from './commander.js';
import { createProgram } from './program.js';
import { finishSaying, print, say } from './stdio.js';

/** Runs the command line to its end and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // For ps, top and whoever finds a device held by this process: not one "node" more.
  process.title = ['usbxfer', ...argv.slice(2)].join(' ');
  try {
    const program = await createProgram(argv.slice(2));
    for (const command of [program, ...program.commands]) {
      answerInOneLine(command);
    }
    await program.parseAsync(argv);
  } catch (error) {
    if (!isAnswered(error)) {
      const { fail } = await import('./failure.js');
      process.exitCode = await fail(error);
    }
  }
  await finishSaying();
}

/** Commander throws instead of exiting, and leaves it to `fail` to say why. */
function answerInOneLine(command: Command): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => print(text.trimEnd()),
    writeErr: (text) => say(text.trimEnd()),
    outputError: () => {},
  });
}

/** Whether it is but the end of --help or --version. */
function isAnswered(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}
