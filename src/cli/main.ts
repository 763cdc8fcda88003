import { type Command, CommanderError } from 'commander';
import { UsbError } from '../usb/errors.js';
import { CliError, EXIT, exitCodeOfError } from './exit-code.js';
import { createProgram } from './program.js';
import { escapeUnsafe } from './sanitize.js';
import { finishSaying, print, say } from './stdio.js';
import { errStyle } from './style.js';

/** Runs the command line to its end and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // For ps, top and whoever finds a device held by this process: not one "node" more.
  process.title = ['usbxfer', ...argv.slice(2)].join(' ');
  const program = createProgram();
  for (const command of [program, ...program.commands]) {
    answerInOneLine(command);
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = fail(error);
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

function fail(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) {
      return EXIT.done; // --help, --version
    }
    // Without a command the help itself is the message.
    if (error.code !== 'commander.help') {
      complain(error.message.replace(/^error: /, ''));
    }
    return EXIT.usage;
  }
  if (error instanceof CliError || error instanceof UsbError) {
    complain(`${error.message}${adviceFor(error)}`);
  } else {
    complain(`internal error: ${error instanceof Error ? error.message : String(error)}`);
  }
  return exitCodeOfError(error);
}

function adviceFor(error: Error): string {
  if (!(error instanceof UsbError)) {
    return '';
  }
  if (error.driver !== undefined) {
    return '; --detach takes it away for the time of the capture';
  }
  return error.code === 'no-memory'
    ? '; ask for less at once with --transfers or --transfer-size'
    : '';
}

/** One line, whatever was in the message; it may quote arguments and device strings. */
function complain(message: string): void {
  const line = escapeUnsafe(message.replaceAll('\n', ' '));
  say(`${errStyle.red('usbxfer:')} ${line}`);
}
