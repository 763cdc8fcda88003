import { type Command, CommanderError } from 'commander';
import { UsbError } from '../usb/errors.js';
import { CliError, EXIT, exitCodeOfError } from './exit-code.js';
import { createProgram } from './program.js';
import { escapeUnsafe } from './sanitize.js';
import { say } from './stdio.js';
import { errStyle } from './style.js';

/** Runs the command line to its end and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  for (const command of [program, ...program.commands]) {
    answerInOneLine(command);
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = fail(error);
  }
}

/** Commander throws instead of exiting, and leaves it to `fail` to say why. */
function answerInOneLine(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
}

function fail(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) {
      return EXIT.done; // --help, --version
    }
    complain(error.message.replace(/^error: /, ''));
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
  switch (error.code) {
    case 'access':
      return '; let your user in with a udev rule (usbxfer(1), PERMISSIONS)';
    case 'no-memory':
      return '; ask for less at once with --transfers or --transfer-size';
    default:
      return '';
  }
}

/** One line, whatever was in the message; it may quote arguments and device strings. */
function complain(message: string): void {
  const line = escapeUnsafe(message.replaceAll('\n', ' '));
  say(`${errStyle.red('usbxfer:')} ${line}`);
}
