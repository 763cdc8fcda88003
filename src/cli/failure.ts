import { UsbError } from '../usb/errors.js';
import { CommanderError } from './commander.js';
import { CliError, EXIT, exitCodeOfError } from './exit-code.js';
import { escapeUnsafe } from './sanitize.js';
import { say } from './stdio.js';
import { styled } from './style.js';

/** Says in one line why the command line failed; returns the code to exit with. */
export async function fail(error: unknown): Promise<number> {
  if (error instanceof CommanderError) {
    // Without a command the help itself is the message.
    if (error.code !== 'commander.help') {
      await complain(error.message.replace(/^error: /, ''));
    }
    return EXIT.usage;
  }
  if (error instanceof CliError || error instanceof UsbError) {
    await complain(`${error.message}${adviceFor(error)}`);
  } else {
    await complain(`internal error: ${error instanceof Error ? error.message : String(error)}`);
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
async function complain(message: string): Promise<void> {
  const line = escapeUnsafe(message.replaceAll('\n', ' '));
  say(`${await styled('stderr', 'red', 'usbxfer:')} ${line}`);
}
