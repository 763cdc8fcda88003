import { writeSync } from 'node:fs';
import { EXIT } from './exit-code.js';

/** Prints a command's result, text, on stdout. A reader that closed early has had enough. */
export function print(text: string): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      say(`usbxfer: cannot write to stdout: ${error.message}`);
      process.exitCode = EXIT.ioFailed;
    }
  });
  process.stdout.write(`${text}\n`);
}

/** Says something to the person, on stderr. Nobody may be listening: that is no failure. */
export function say(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // closed or full
  }
}
